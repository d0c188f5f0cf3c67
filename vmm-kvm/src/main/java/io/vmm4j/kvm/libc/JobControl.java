package io.vmm4j.kvm.libc;

import java.util.HashMap;
import java.util.Map;

/**
 * Hears that this process is about to be suspended (SIGTSTP, SIGTTIN, SIGTTOU) and that it goes on (SIGCONT), for who has changed
 * a terminal's settings. It is suspended as without a listener; SIGSTOP comes without a word. One listener a process;
 * {@link #close} puts what was before back. Thread-safe.
 */
// sun.misc is named in full: of an import Javadoc warns, which nothing suppresses.
@SuppressWarnings("sunapi")
public final class JobControl implements AutoCloseable {

    /** Called on threads of the JVM's, one at a time. */
    public interface Listener {

        /** The process stops when this returns. */
        void suspending();

        /** The process goes on, in the foreground or not. */
        void resumed();
    }

    private static final String[] STOPS = {"TSTP", "TTIN", "TTOU"};
    private static final int SIG_UNBLOCK = 1;
    private static final sun.misc.Signal CONTINUE = new sun.misc.Signal("CONT");

    private final Listener listener;
    private final Map<sun.misc.Signal, sun.misc.SignalHandler> before = new HashMap<>();
    private boolean closed;

    private JobControl(Listener listener) {
        this.listener = listener;
    }

    /**
     * Begins to listen.
     *
     * @throws IllegalArgumentException when this JVM lets nobody have one of the signals
     */
    public static JobControl listen(Listener listener) {
        JobControl control = new JobControl(listener);
        control.take();
        return control;
    }

    private synchronized void take() {
        try {
            before.put(CONTINUE, sun.misc.Signal.handle(CONTINUE, signal -> goOn()));
            for (String stop : STOPS) {
                sun.misc.Signal signal = new sun.misc.Signal(stop);
                before.put(signal, sun.misc.Signal.handle(signal, this::stop));
            }
        } catch (IllegalArgumentException e) {
            close();
            throw e;
        }
    }

    private synchronized void goOn() {
        if (!closed) {
            listener.resumed();
        }
    }

    private synchronized void stop(sun.misc.Signal signal) {
        if (closed) {
            return;
        }
        listener.suspending();
        sun.misc.SignalHandler ours = sun.misc.Signal.handle(signal, sun.misc.SignalHandler.SIG_DFL);
        try {
            // The kernel's own way: it stops nobody whom nobody could continue. To this thread, so that it has happened when that is back.
            LibC.sigprocmask(SIG_UNBLOCK, 1L << signal.getNumber() - 1);
            LibC.tgkill(LibC.getpid(), LibC.gettid(), signal.getNumber());
        } finally {
            sun.misc.Signal.handle(signal, ours);
            listener.resumed();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        before.forEach(sun.misc.Signal::handle);
        before.clear();
    }
}
