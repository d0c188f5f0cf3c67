package io.vmm4j.cli;

import io.vmm4j.kvm.libc.LibC;

/** Makes system calls available on a thread of its own, which takes 40 ms, while the options are read. */
final class NativeWarmUp {

    private NativeWarmUp() {
    }

    /** Begins; whoever makes the first system call waits for the rest. */
    static void start() {
        Thread thread = new Thread("vmm-natives") {
            @Override
            public void run() {
                try {
                    LibC.errno();
                } catch (LinkageError e) {
                    // Said by the first real call, which fails the same way with this one as its cause.
                }
            }
        };
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            return; // No thread to be had: the first call takes its time.
        }
    }
}
