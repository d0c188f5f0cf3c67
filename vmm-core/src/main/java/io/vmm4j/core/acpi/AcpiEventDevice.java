package io.vmm4j.core.acpi;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * The register behind the generic event device (ACPI 6.5, section 5.6.9): one port, one bit an {@link AcpiEvent}. The
 * interrupt has the guest run the event method of the {@linkplain Dsdt DSDT}, which reads the port; reading takes the
 * events.
 *
 * <p>An interrupt is lost on a guest that has not got as far as to listen, so it is repeated until the guest has read the
 * port, at {@value #REPEAT_MILLIS} ms for at most {@value #REPEATS_MAX} times: a guest without ACPI never does. That of a new generation id alone
 * is repeated {@value #GENERATION_REPEATS_MAX} times: a driver that begins to listen later than that reads the id first, and a thousand idle copies
 * of a guest that never listens are not to keep the host busy.
 *
 * <p>Thread-safe: the port is read on vCPU threads, events are raised on any thread, the timer is the event loop's.
 */
public final class AcpiEventDevice implements BusDevice, Stateful {

    /** Bytes in the window. */
    public static final int LENGTH = 1;

    static final long REPEAT_MILLIS = 250;
    static final int REPEATS_MAX = 1200;
    static final int GENERATION_REPEATS_MAX = 40;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final InterruptLine line;
    private final EventLoop loop;
    /** Guarded by this. */
    private int pending;
    /** Completes when what is pending has been read; guarded by this. */
    private CompletableFuture<Void> taken = CompletableFuture.completedFuture(null);
    /** Made with the device: the host may have none left when an event comes. */
    private final LoopTimer repeat;
    /** Confined to the loop. */
    private int repeats;

    /**
     * @param line to the guest
     * @param loop repeats interrupts
     */
    public AcpiEventDevice(InterruptLine line, EventLoop loop) {
        this.line = line;
        this.loop = loop;
        this.repeat = loop.timer(this::repeatUnlessTaken);
    }

    /**
     * Tells the guest.
     *
     * @return completes when the guest has read the port, on the thread of that vCPU: what depends on it must be short
     * @throws RejectedExecutionException when the loop has ended, and the machine with it
     */
    public CompletableFuture<Void> raise(AcpiEvent event) {
        CompletableFuture<Void> reading;
        synchronized (this) {
            if (pending == 0) {
                taken = new CompletableFuture<>();
            }
            pending |= event.bit();
            reading = taken;
        }
        loop.execute(this::interrupt);
        return reading;
    }

    /** Events that the guest has not taken. */
    @Override
    public synchronized State saveState() {
        return State.builder().put("pending", pending).build();
    }

    /** Who waits for the guest to take what was pending before is told that it is over. */
    @Override
    public void restoreState(State state) throws StateException {
        int known = 0;
        for (AcpiEvent event : AcpiEvent.values()) {
            known |= event.bit();
        }
        int events = state.int32("pending", 0, known);
        CompletableFuture<Void> before;
        synchronized (this) {
            before = taken;
            pending = events;
            taken = events == 0 ? CompletableFuture.completedFuture(null) : new CompletableFuture<>();
        }
        before.complete(null);
    }

    @Override
    public void afterRestore() {
        boolean isPending;
        synchronized (this) {
            isPending = pending != 0;
        }
        if (isPending) {
            loop.execute(this::interrupt);
        }
    }

    private void interrupt() {
        repeats = 0;
        repeat.arm(REPEAT_MILLIS * NANOS_PER_MILLI);
        line.trigger();
    }

    private void repeatUnlessTaken() {
        int most;
        synchronized (this) {
            if (pending == 0) {
                return;
            }
            most = pending == AcpiEvent.GENERATION.bit() ? GENERATION_REPEATS_MAX : REPEATS_MAX;
        }
        line.trigger();
        if (++repeats < most) {
            repeat.arm(REPEAT_MILLIS * NANOS_PER_MILLI);
        }
    }

    @Override
    public long read(long offset, int width) {
        int events;
        CompletableFuture<Void> reading;
        synchronized (this) {
            events = pending;
            pending = 0;
            reading = taken;
        }
        reading.complete(null);
        return events;
    }

    /** The port is read-only. */
    @Override
    public void write(long offset, int width, long value) {
        // Dropped, as the bus's contract wants it.
    }
}
