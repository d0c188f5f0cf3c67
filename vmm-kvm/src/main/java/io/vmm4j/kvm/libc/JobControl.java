package io.vmm4j.kvm.libc;

import java.util.HashMap;
import java.util.Map;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Hears that this process is about to be suspended (SIGTSTP, SIGTTIN, SIGTTOU) and that it goes on (SIGCONT), for who has changed
 * a terminal's settings. It is suspended as without a listener; SIGSTOP comes without a word. One listener a process;
 * {@link #close} puts what was before back. Thread-safe.
 */
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
    private static final Signal CONTINUE = new Signal("CONT");

    private final Listener listener;
    private final Map<Signal, SignalHandler> before = new HashMap<>();
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
            before.put(CONTINUE, Signal.handle(CONTINUE, signal -> goOn()));
            for (String stop : STOPS) {
                Signal signal = new Signal(stop);
                before.put(signal, Signal.handle(signal, this::stop));
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

    private synchronized void stop(Signal signal) {
        if (closed) {
            return;
        }
        listener.suspending();
        SignalHandler ours = Signal.handle(signal, SignalHandler.SIG_DFL);
        try {
            // The kernel's own way: it stops nobody whom nobody could continue. To this thread, so that it has happened when that is back.
            ProcessCalls.sigprocmask(SIG_UNBLOCK, 1L << signal.getNumber() - 1);
            ProcessCalls.tgkill(ProcessCalls.getpid(), ProcessCalls.gettid(), signal.getNumber());
        } finally {
            Signal.handle(signal, ours);
            listener.resumed();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        before.forEach(Signal::handle);
        before.clear();
    }
}
