package io.vmm4j.kvm.libc;

import java.util.ArrayList;
import java.util.List;

/**
 * Hears that this process is about to be suspended (SIGTSTP, SIGTTIN, SIGTTOU) and that it goes on (SIGCONT), for who has changed
 * a terminal's settings. It is suspended as without a listener; SIGSTOP comes without a word. One listener a process;
 * {@link #close} puts what was before back. Thread-safe.
 */
public final class JobControl implements AutoCloseable {

    /** Called on threads of their own, one at a time. */
    public interface Listener {

        /** The process stops when this returns. */
        void suspending();

        /** The process goes on, in the foreground or not. */
        void resumed();
    }

    private static final int[] STOPS = {20, 21, 22}; // TSTP TTIN TTOU
    private static final int SIGCONT = 18;

    private final Listener listener;
    private final List<TakenSignal> taken = new ArrayList<>();
    private boolean closed;

    private JobControl(Listener listener) {
        this.listener = listener;
    }

    /**
     * Begins to listen.
     *
     * @throws LinuxException when one of the signals is not to be had
     */
    public static JobControl listen(Listener listener) throws LinuxException {
        JobControl control = new JobControl(listener);
        control.take();
        return control;
    }

    private synchronized void take() throws LinuxException {
        try {
            taken.add(TakenSignal.take(SIGCONT, this::goOn));
            for (int stop : STOPS) {
                // Known by its place: the signal is not there yet when its action is made.
                int place = taken.size();
                taken.add(TakenSignal.take(stop, () -> stop(place)));
            }
        } catch (LinuxException e) {
            close();
            throw e;
        }
    }

    private synchronized void goOn() {
        if (!closed) {
            listener.resumed();
        }
    }

    private synchronized void stop(int place) {
        if (closed) {
            return;
        }
        listener.suspending();
        try {
            // The kernel's own way: it stops nobody whom nobody could continue.
            taken.get(place).letThrough();
        } catch (LinuxException e) {
            throw new IllegalStateException("a signal that could be taken cannot be let through: " + e.getMessage(), e);
        } finally {
            listener.resumed();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        taken.forEach(TakenSignal::close);
        taken.clear();
    }
}
