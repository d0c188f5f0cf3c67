package io.vmm4j.kvm.libc;

/**
 * Hears that the terminal's window has changed its size (SIGWINCH). The kernel sends it to the process group in the
 * foreground only. One listener a process; {@link #close} puts the one before back.
 */
// sun.misc is named in full: of an import Javadoc warns, which nothing suppresses.
@SuppressWarnings("sunapi")
public final class WindowChange implements AutoCloseable {
    private static final sun.misc.Signal SIGWINCH = new sun.misc.Signal("WINCH");

    private final sun.misc.SignalHandler before;

    private WindowChange(sun.misc.SignalHandler before) {
        this.before = before;
    }

    /**
     * Runs {@code action}, on a thread of the JVM's, whenever the signal comes.
     *
     * @throws IllegalArgumentException when this JVM lets nobody have the signal
     */
    public static WindowChange listen(Runnable action) {
        return new WindowChange(sun.misc.Signal.handle(SIGWINCH, signal -> action.run()));
    }

    @Override
    public void close() {
        sun.misc.Signal.handle(SIGWINCH, before);
    }
}
