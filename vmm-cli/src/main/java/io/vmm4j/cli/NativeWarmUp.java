package io.vmm4j.cli;

import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.QuitSignal;
import io.vmm4j.kvm.libc.StraySignals;
import org.slf4j.LoggerFactory;

/**
 * Makes system calls available on a thread of its own, which takes 40 ms, while the options are read. The thread stays, for the
 * signals that can be taken by system calls only: from then on SIGQUIT ends the process as SIGINT does, and signals that mean
 * nothing here do nothing. Thread-safe.
 */
final class NativeWarmUp implements AutoCloseable {

    private static final int QUIT_STATUS = 128 + 3;
    private static final long CLOSE_LIMIT_MILLIS = 100;

    private Thread thread;
    private QuitSignal quit;
    private boolean closed;

    /** Begins; whoever makes the first system call waits for the rest. */
    void start() {
        thread = new Thread("vmm-signals") {
            @Override
            public void run() {
                try {
                    LibC.errno();
                } catch (LinkageError e) {
                    // Said by the first real call, which fails the same way with this one as its cause.
                    return;
                }
                takeSignals();
            }
        };
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            return; // No thread to be had: the first call takes its time.
        }
    }

    private void takeSignals() {
        try {
            QuitSignal taken;
            synchronized (this) {
                if (closed) {
                    return;
                }
                StraySignals.ignore();
                quit = QuitSignal.take(NativeWarmUp::exit);
                taken = quit;
            }
            taken.run();
        } catch (LinuxException e) {
            LoggerFactory.getLogger(NativeWarmUp.class).debug("signals stay as Java has them: {}", e.getMessage());
        }
    }

    /** On a thread of its own: who exits waits for the end of all others, for whom the thread of the signals must end. */
    private static void exit() {
        Thread exiting = new Thread("vmm-quit") {
            @Override
            public void run() {
                Runtime.getRuntime().exit(QUIT_STATUS);
            }
        };
        exiting.setDaemon(true);
        exiting.start();
    }

    /** Lets go of the thread. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (quit == null) {
                return;
            }
            quit.close();
        }
        try {
            thread.join(CLOSE_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
