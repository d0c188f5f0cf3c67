package io.vmm4j.cli;

import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.QuitSignal;
import io.vmm4j.kvm.libc.StraySignals;
import io.vmm4j.kvm.libc.TakenSignal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntConsumer;
import org.slf4j.LoggerFactory;

/**
 * Makes system calls available on a thread of its own, which takes 40 ms, while the options are read; and with them takes the signals
 * that end the process, of which Java is told to leave all alone (-Xrs): until then they end it as the kernel does, and from then on
 * they have it exit with 128 plus their number, by way of its shutdown hooks. Signals that mean nothing here do nothing from then on.
 * Whoever makes something that such an end must not leave behind waits for that before. Thread-safe.
 */
final class NativeWarmUp implements AutoCloseable {

    private static final int SIGNAL_STATUS = 128;
    private static final int SIGHUP = 1;
    private static final int SIGINT = 2;
    private static final int SIGQUIT = 3;
    private static final int SIGABRT = 6;
    private static final int SIGTERM = 15;
    private static final int SIGXCPU = 24;

    private final CountDownLatch done = new CountDownLatch(1);
    private final List<TakenSignal> taken = new ArrayList<>();
    private Runnable terminate = () -> exit(SIGTERM);
    private IntConsumer beforeExit = signal -> { };
    private boolean isStarted;
    private boolean closed;

    /** Begins; whoever makes the first system call waits for the rest. A second call does nothing. */
    void start() {
        synchronized (this) {
            if (isStarted) {
                return;
            }
            isStarted = true;
        }
        Thread thread = new Thread(this::run, "vmm-natives");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            run(); // No thread to be had: it takes its time.
        }
    }

    private void run() {
        try {
            LibC.errno();
            takeSignals();
        } catch (LinkageError e) {
            // Said by the first real call, which fails the same way with this one as its cause.
            return;
        } catch (LinuxException | OutOfMemoryError e) {
            LoggerFactory.getLogger(NativeWarmUp.class).debug("signals stay as they are: {}", e.getMessage());
        } finally {
            done.countDown();
        }
    }

    private synchronized void takeSignals() throws LinuxException {
        if (closed) {
            return;
        }
        taken.add(QuitSignal.take(() -> exit(SIGQUIT)));
        StraySignals.ignore();
        for (int signal : new int[] {SIGHUP, SIGINT}) {
            // nohup, or a script's background.
            if (!TakenSignal.isIgnored(signal)) {
                taken.add(TakenSignal.take(signal, () -> exit(signal)));
            }
        }
        taken.add(TakenSignal.take(SIGTERM, this::terminate));
        taken.add(TakenSignal.take(SIGABRT, () -> exit(SIGABRT)));
        taken.add(TakenSignal.take(SIGXCPU, () -> exit(SIGXCPU)));
    }

    private void terminate() {
        Runnable action;
        synchronized (this) {
            action = terminate;
        }
        action.run();
    }

    /** What SIGTERM does from now on, in place of an exit; it is run on any thread. */
    synchronized void onTerminate(Runnable action) {
        terminate = action;
    }

    /** What the process's end by a signal begins with from now on, given the signal; it is run on any thread. */
    synchronized void onExit(IntConsumer action) {
        beforeExit = action;
    }

    /** Ends the process as the signal has it. */
    void exit(int signal) {
        IntConsumer before;
        synchronized (this) {
            before = beforeExit;
        }
        before.accept(signal);
        Runtime.getRuntime().exit(SIGNAL_STATUS + signal);
    }

    /** Waits until the signals are taken, or cannot be. */
    void await() {
        synchronized (this) {
            if (!isStarted) {
                return;
            }
        }
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets go of the signals: from now on they end the process as the kernel does. */
    @Override
    public synchronized void close() {
        closed = true;
        taken.forEach(TakenSignal::close);
        taken.clear();
    }
}
