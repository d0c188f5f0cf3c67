package io.vmm4j.kvm.libc;

import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Hears that the terminal's window has changed its size (SIGWINCH). The kernel sends it to the process group in the
 * foreground only. One listener a process; {@link #close} puts the one before back.
 */
public final class WindowChange implements AutoCloseable {
    private static final Signal SIGWINCH = new Signal("WINCH");

    private final SignalHandler before;

    private WindowChange(SignalHandler before) {
        this.before = before;
    }

    /**
     * Runs {@code action}, on a thread of the JVM's, whenever the signal comes.
     *
     * @throws IllegalArgumentException when this JVM lets nobody have the signal
     */
    public static WindowChange listen(Runnable action) {
        return new WindowChange(Signal.handle(SIGWINCH, signal -> action.run()));
    }

    @Override
    public void close() {
        Signal.handle(SIGWINCH, before);
    }
}
