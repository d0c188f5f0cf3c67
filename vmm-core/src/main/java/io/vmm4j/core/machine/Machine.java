package io.vmm4j.core.machine;

import io.vmm4j.core.GuestPanic;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.control.DeviceControls;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.i8042.I8042;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An assembled machine: owns its threads and everything they use, and closes it all in the reverse order of creation.
 *
 * <p>{@link #start} and {@link #close} may race; whichever comes second sees the other's work.
 */
public final class Machine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);

    private final Vcpus vcpus;
    private final AcpiDevices acpi;
    private final I8042 keyboard;
    private final List<EpollEventLoop> loops;
    private final Deque<AutoCloseable> owned;
    private final DeviceControls controls;
    private final PanicWatch panics;
    private boolean closed;

    /**
     * @param vcpus made, not started
     * @param acpi by what the guest hears of the host's wishes
     * @param keyboard what a user would type on
     * @param loops started; closed after the vCPUs have ended
     * @param owned last created first; closed after the loops have ended
     * @param controls what can be changed about its devices
     * @param panics knows of the kernel's panic
     */
    Machine(Vcpus vcpus, AcpiDevices acpi, I8042 keyboard, List<EpollEventLoop> loops, Deque<AutoCloseable> owned, DeviceControls controls,
            PanicWatch panics) {
        this.vcpus = vcpus;
        this.acpi = acpi;
        this.keyboard = keyboard;
        this.loops = List.copyOf(loops);
        this.owned = new ArrayDeque<>(owned);
        this.controls = controls;
        this.panics = panics;
    }

    /** What can be changed about its devices while it runs. */
    public DeviceControls controls() {
        return controls;
    }

    /**
     * Starts the vCPUs; does nothing once closed. Does not wait for {@link #close}, which waits for the loops.
     *
     * @throws IllegalStateException when the host has no thread for one
     */
    public void start() {
        vcpus.start();
    }

    /** Takes the vCPUs out of the guest until {@link #resume}, and waits until they are. Not from a thread of the machine. */
    public void pause() {
        vcpus.pause();
    }

    /** Lets paused vCPUs go on. */
    public void resume() {
        vcpus.resume();
    }

    /** Presses the power button; completes when the guest has noticed, on a thread that must not be kept. */
    public CompletableFuture<Void> pressPowerButton() {
        return acpi.pressPowerButton();
    }

    /** Types Ctrl-Alt-Del; false when the keyboard does not take it, see {@link I8042#sendCtrlAltDel}. */
    public boolean sendCtrlAltDel() {
        return keyboard.sendCtrlAltDel();
    }

    /**
     * Gives the guest another generation id; completes when the guest has noticed, on a thread that must not be kept.
     *
     * @throws IllegalStateException when the machine has ended
     */
    public CompletableFuture<Void> renewGeneration() throws IOException {
        return acpi.renewGeneration();
    }

    /** What is known of a panic of the guest's kernel. */
    public Optional<GuestPanic> guestPanic() {
        return panics.panic();
    }

    /** How the machine has ended, given an end and what is known of a panic. */
    public VmExit judge(VmExit exit) {
        return panics.judge(exit);
    }

    /** vCPUs that the guest has now. */
    public int vcpuCount() {
        return acpi.hotplug().count();
    }

    /**
     * Has the guest go over to {@code count} vCPUs; completes when it has, or with a
     * {@link io.vmm4j.core.control.VcpuResizeException}.
     *
     * @throws IllegalArgumentException when {@code count} is out of range
     */
    public CompletableFuture<Void> resizeVcpus(int count, Duration within) {
        return acpi.hotplug().resize(count, within);
    }

    /**
     * Takes the vCPUs out of the guest, ends every thread and gives back every resource. Not from a thread of the
     * machine. A second call does nothing.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        acpi.hotplug().close();
        vcpus.stop();
        loops.forEach(EpollEventLoop::close);
        closeAll(owned);
    }

    /** Closes all of {@code owned}, first to last; a failure is logged and does not keep the others from being closed. */
    static void closeAll(Deque<AutoCloseable> owned) {
        while (!owned.isEmpty()) {
            AutoCloseable resource = owned.pop();
            try {
                resource.close();
            } catch (Exception | Error e) {
                LOG.warn("{} was not closed in order: {}", resource.getClass().getSimpleName(), e.toString());
            }
        }
    }
}
