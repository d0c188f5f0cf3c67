package io.vmm4j.core.machine;

import io.vmm4j.core.GuestPanic;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.control.DeviceControls;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.HelperThreads;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.SlowWait;
import io.vmm4j.core.metrics.VmMetrics;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.devices.i8042.I8042;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An assembled machine: owns its threads and everything they use, and closes it all in the reverse order of creation.
 *
 * <p>{@link #start} and {@link #close} may race; whichever comes second sees the other's work.
 */
public final class Machine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);

    private final GuestRam ram;
    private final Vcpus vcpus;
    private final DeviceHold hold;
    private final AcpiDevices acpi;
    private final I8042 keyboard;
    private final List<EpollEventLoop> loops;
    private final List<GivenDevice> givenDevices;
    private final List<GivenConsole> givenConsoles;
    private final MachineThreads own;
    private final Deque<AutoCloseable> owned;
    private final DeviceHotplug devices;
    private final HelperThreads helpers;
    private final PanicWatch panics;
    private final MachineMetrics metrics;
    private final Freezer freezer;
    private boolean closed;

    /**
     * @param ram among {@code owned}
     * @param vcpus made, not started
     * @param hold of the devices, while the vCPUs are paused
     * @param acpi by what the guest hears of the host's wishes
     * @param keyboard what a user would type on
     * @param loops started; closed after the vCPUs have ended
     * @param givenDevices on the first of the loops; reset before it is closed
     * @param givenConsoles closed last, for nobody knows what they do
     * @param owned last created first; closed after the loops have ended
     * @param devices what comes and goes while it runs; among {@code owned}
     * @param own its threads
     * @param helpers among {@code owned}
     * @param panics knows of the kernel's panic
     * @param metrics counts
     * @param freezer takes it as it is
     */
    Machine(GuestRam ram, Vcpus vcpus, DeviceHold hold, AcpiDevices acpi, I8042 keyboard, List<EpollEventLoop> loops, List<GivenDevice> givenDevices,
            List<GivenConsole> givenConsoles, Deque<AutoCloseable> owned, DeviceHotplug devices, MachineThreads own,
            HelperThreads helpers, PanicWatch panics, MachineMetrics metrics, Freezer freezer) {
        this.freezer = freezer;
        this.ram = ram;
        this.vcpus = vcpus;
        this.hold = hold;
        this.acpi = acpi;
        this.keyboard = keyboard;
        this.loops = List.copyOf(loops);
        this.givenDevices = List.copyOf(givenDevices);
        this.givenConsoles = List.copyOf(givenConsoles);
        this.own = own;
        this.owned = new ArrayDeque<>(owned);
        this.devices = devices;
        this.helpers = helpers;
        this.panics = panics;
        this.metrics = metrics;
    }

    /** Threads for what comes up once in a while; one of them may close the machine. */
    public HelperThreads helpers() {
        return helpers;
    }

    /** What it has done so far. */
    public VmMetrics metrics() {
        return metrics.snapshot();
    }

    /** What can be changed about its devices while it runs. */
    public DeviceControls controls() {
        return devices.controls();
    }

    /**
     * Gives the guest a drive, see {@link io.vmm4j.core.DeviceChanges#addDrive}.
     *
     * @throws ConfigException when it cannot be one of this machine's
     */
    public CompletableFuture<Void> addDrive(DriveConfig drive, Duration within) throws ConfigException {
        return told(devices.add((config, surroundings) -> Addition.drive(drive, config, surroundings), within));
    }

    /**
     * Takes a drive that was added from the guest.
     *
     * @throws java.util.NoSuchElementException when there is none called so
     * @throws IllegalArgumentException         when it was there from the start
     */
    public CompletableFuture<Void> removeDrive(String id, Duration within) {
        return told(devices.remove("drive " + id, now -> now.drive(id), within));
    }

    /** As {@link #addDrive}, for a network interface. */
    public CompletableFuture<Void> addNetworkInterface(NetworkInterfaceConfig network, Duration within) throws ConfigException {
        return told(devices.add((config, surroundings) -> Addition.network(network, config, surroundings), within));
    }

    /** As {@link #removeDrive}, for a network interface. */
    public CompletableFuture<Void> removeNetworkInterface(String id, Duration within) {
        return told(devices.remove("network interface " + id, now -> now.network(id), within));
    }

    /** Lets the vCPUs run; does nothing once closed. Does not wait for {@link #close}, which waits for the loops. */
    public void start() {
        vcpus.start();
    }

    /**
     * As {@link #start}, but all stands still until {@link #resume}.
     *
     * @return empty when all does; else what does not, and then nothing was started
     */
    public Optional<String> startPaused(Duration within) {
        acpi.standStill();
        Optional<String> busy = hold.begin(TimeUnit.NANOSECONDS.convert(within));
        if (busy.isPresent()) {
            acpi.goOn();
            hold.end();
        } else {
            vcpus.startPaused();
        }
        return busy;
    }

    /**
     * Takes the vCPUs out of the guest and then has the devices stand still, until {@link #resume}. Not from a thread of the machine.
     *
     * @param within how long that may take
     * @return empty when all stand still; else what does not, and then all goes on
     */
    public Optional<String> pause(Duration within) {
        long nanos = TimeUnit.NANOSECONDS.convert(within);
        long begin = System.nanoTime();
        acpi.standStill();
        Optional<String> busy = vcpus.pause(nanos);
        if (busy.isEmpty()) {
            busy = hold.begin(nanos - (System.nanoTime() - begin));
        }
        if (busy.isPresent()) {
            resume();
        }
        return busy;
    }

    /** Lets paused devices and vCPUs go on. */
    public void resume() {
        acpi.goOn();
        hold.end();
        vcpus.resume();
    }

    /**
     * All of it, between {@link #pause} and {@link #resume}, held by the caller.
     *
     * @throws SnapshotException naming what keeps it from being saved
     */
    public FrozenMachine freeze() throws SnapshotException, IOException {
        return freezer.freeze();
    }

    /**
     * Puts it back, between {@link #pause} and {@link #resume}.
     *
     * @param onFault hears of what makes the machine good for nothing any more: the host refuses on the way
     * @return pages of RAM put back
     * @throws SnapshotException when it cannot be; nothing was changed then
     * @throws IOException       told to {@code onFault} before
     */
    public int revertTo(FrozenMachine frozen, Consumer<Throwable> onFault) throws SnapshotException, IOException {
        return freezer.revertTo(frozen, onFault);
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
     * Gives the guest another generation id, once it does not stand still; completes when the guest has noticed, on a thread that must not be kept.
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
        return told(acpi.hotplug().resize(count, within));
    }

    /** Told where followers may wait: the thread that has made the change is needed for the next. */
    private CompletableFuture<Void> told(CompletableFuture<Void> change) {
        return change.whenCompleteAsync((done, failure) -> { }, helpers.answers());
    }

    /**
     * Takes the vCPUs out of the guest, ends every thread and gives back every resource. Not from a thread of the
     * machine. A second call does nothing.
     *
     * <p>A thread that does not come to its end, as one inside a device or a console of the embedder's, is waited for, and
     * named in the log; meanwhile what can be ended without it is.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        devices.beginEnd();
        acpi.hotplug().close();
        endThreads();
        ram.letGo(); // a snapshot under way may wait for a page of a handler that does not answer, and the freezer for that
        givenConsoles.forEach(GivenConsole::beginClose);
        freezer.close();
        closeAll(owned);
        givenConsoles.forEach(GivenConsole::close);
    }

    private void endThreads() {
        SlowWait end = new SlowWait("the machine's end", () -> own.busy(MachineThreads.Role.GUEST));
        List<SlowWait.Wait> busy = new ArrayList<>();
        if (ram.isLost()) {
            vcpus.stopWithin(0); // before pages that are missing read as zeros: the guest does not see them
            ram.letGo();
        }
        endSoon(vcpus::stopWithin, end, busy);
        endSoon(devices::endWithin, end, busy);
        resetGivenDevices();
        loops.forEach(loop -> endSoon(loop::closeWithin, end, busy));
        devices.loops().forEach(loop -> endSoon(loop::closeWithin, end, busy));
        if (!busy.isEmpty()) {
            ram.letGo(); // a handler that does not answer has them wait
        }
        busy.forEach(end::await);
    }

    private void endSoon(SlowWait.Wait ending, SlowWait end, List<SlowWait.Wait> busy) {
        if (!busy.isEmpty()) {
            if (!ending.within(SlowWait.FIRST_MILLIS)) {
                busy.add(ending);
            }
        } else if (!end.isOverSoon(ending)) {
            busy.add(ending);
            givenConsoles.forEach(GivenConsole::beginClose); // one that keeps a thread may let go of it
        }
    }

    /** They have no other way to hear that the guest's memory goes. */
    private void resetGivenDevices() {
        try {
            givenDevices.forEach(device -> loops.get(0).execute(device::reset));
        } catch (RejectedExecutionException e) {
            LOG.debug("the devices' loop has ended already");
        }
    }

    /** Closes all of {@code owned}, first to last; a failure is logged and does not keep the others from being closed. */
    static void closeAll(Deque<AutoCloseable> owned) {
        while (!owned.isEmpty()) {
            AutoCloseable resource = owned.pop();
            try {
                resource.close();
            } catch (Throwable e) {
                LOG.warn("{} was not closed in order: {}", resource.getClass().getSimpleName(), e.toString());
            }
        }
    }
}
