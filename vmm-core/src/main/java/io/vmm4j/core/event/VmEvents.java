package io.vmm4j.core.event;

import io.vmm4j.kvm.libc.ResourceLimits;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The listeners of one machine. {@link #tell} waits for nobody and may be called from any thread, a vCPU's too; it costs next to
 * nothing while nobody listens.
 */
public final class VmEvents implements AutoCloseable {

    /** Events that may wait for a listener. */
    public static final int CAPACITY = 1024;

    private final Clock clock;
    private final UnaryOperator<String> nameFor;
    private final List<Listening> listeners = new CopyOnWriteArrayList<>();

    /**
     * @param clock   tells when things happen
     * @param nameFor gives the machine's name for a thread of a role
     */
    public VmEvents(Clock clock, UnaryOperator<String> nameFor) {
        this.clock = clock;
        this.nameFor = nameFor;
    }

    /**
     * Has {@code listener} told from now on, on a thread of its own.
     *
     * @return ends that when closed; does not wait for a call that is under way
     * @throws IllegalStateException when the host has no thread for it
     */
    public AutoCloseable add(VmListener listener) {
        Listening listening = new Listening(listener, nameFor.apply("vm-listener"), listeners::remove);
        listeners.add(listening);
        try {
            listening.start();
        } catch (OutOfMemoryError e) {
            listeners.remove(listening);
            throw new IllegalStateException("the host has no thread for a listener (" + e.getMessage() + "): " + ResourceLimits.ofThreads(), e);
        }
        return listening;
    }

    /** Tells everybody of what {@code event} makes of the time. */
    public void tell(Function<Instant, VmEvent> event) {
        if (!listeners.isEmpty()) {
            VmEvent happened = event.apply(clock.instant());
            listeners.forEach(listener -> listener.offer(happened));
        }
    }

    /** Lets the listeners hear what is under way, and then no more. Does not wait. */
    @Override
    public void close() {
        listeners.forEach(Listening::finish);
    }
}
