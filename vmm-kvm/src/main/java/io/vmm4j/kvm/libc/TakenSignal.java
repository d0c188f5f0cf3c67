package io.vmm4j.kvm.libc;

/**
 * A signal to this process that somebody has taken, from the kernel and the JVM or from who had it before: to them it goes back at the
 * {@link #close}. Taken by a handler of this library's own, because the JVM keeps some signals for itself, and has none for anybody
 * when it is started with {@code -Xrs}. Thread-safe.
 */
public final class TakenSignal implements AutoCloseable {
    private final int signal;
    private final Runnable action;
    private final SignalAction before;
    private final SignalDispatcher dispatcher;
    private TakenSignal previous;
    private boolean closed;

    private TakenSignal(int signal, Runnable action, SignalAction before, SignalDispatcher dispatcher) {
        this.signal = signal;
        this.action = action;
        this.before = before;
        this.dispatcher = dispatcher;
    }

    /**
     * Takes a signal.
     *
     * @param signal its number, 1 to 64
     * @param action run at each, on a daemon thread of its own
     */
    public static TakenSignal take(int signal, Runnable action) throws LinuxException {
        SignalDispatcher dispatcher = SignalDispatcher.get();
        synchronized (dispatcher) {
            TakenSignal taker = new TakenSignal(signal, action, SignalAction.of(signal), dispatcher);
            taker.previous = dispatcher.put(signal, taker);
            return taker;
        }
    }

    /** Whether the process ignores a signal, as one that a shell starts in the background may. */
    public static boolean isIgnored(int signal) throws LinuxException {
        return SignalAction.of(signal).handler() == SignalAction.IGNORE;
    }

    /** Has the calling thread get the signal as if nobody had taken it; what stops the process has happened when this is back. */
    void letThrough() throws LinuxException {
        try {
            ProcessEnd.by(signal);
        } finally {
            dispatcher.writing().set(signal);
        }
    }

    Runnable action() {
        return action;
    }

    /** What the kernel was to do before. */
    SignalAction before() {
        return previous == null ? before : previous.before();
    }

    /** Gives the signal back. A second call does nothing. */
    @Override
    public void close() {
        synchronized (dispatcher) {
            if (closed) {
                return;
            }
            closed = true;
        }
        TakenSignal next = previous;
        while (next != null && next.closed) {
            next = next.previous;
        }
        try {
            dispatcher.replace(signal, this, next);
        } catch (LinuxException e) {
            throw new IllegalStateException("signal " + signal + ", which could be taken, cannot be given back: " + e.getMessage(), e);
        }
    }
}
