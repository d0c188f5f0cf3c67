package io.vmm4j.cli;

import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.QuitSignal;
import io.vmm4j.kvm.libc.StraySignals;
import org.slf4j.LoggerFactory;

/**
 * Makes system calls available on a thread of its own, which takes 40 ms, while the options are read. The thread stays, for the
 * signals that can be taken by system calls only: from then on SIGQUIT ends the process as SIGINT does, and signals that mean
 * nothing here do nothing.
 */
final class NativeWarmUp {

    private static final int QUIT_STATUS = 128 + 3;

    private NativeWarmUp() {
    }

    /** Begins; whoever makes the first system call waits for the rest. */
    static void start() {
        Thread thread = new Thread("vmm-signals") {
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
        thread.start();
    }

    private static void takeSignals() {
        try {
            StraySignals.ignore();
            QuitSignal.take(() -> Runtime.getRuntime().exit(QUIT_STATUS)).run();
        } catch (LinuxException e) {
            LoggerFactory.getLogger(NativeWarmUp.class).debug("signals stay as Java has them: {}", e.getMessage());
        }
    }
}
