package io.vmm4j.kvm.libc;

/**
 * Hears that the terminal's window has changed its size (SIGWINCH). The kernel sends it to the process group in the
 * foreground only. One listener a process; {@link #close} puts the one before back.
 */
public final class WindowChange implements AutoCloseable {
    private static final int SIGWINCH = 28;

    private final TakenSignal signal;

    private WindowChange(TakenSignal signal) {
        this.signal = signal;
    }

    /** Runs {@code action}, on a thread of its own, whenever the signal comes. */
    public static WindowChange listen(Runnable action) throws LinuxException {
        return new WindowChange(TakenSignal.take(SIGWINCH, action));
    }

    @Override
    public void close() {
        signal.close();
    }
}
