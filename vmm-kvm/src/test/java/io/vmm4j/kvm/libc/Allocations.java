package io.vmm4j.kvm.libc;

import java.lang.management.ManagementFactory;

/** Measures what a loop allocates on the calling thread. */
public final class Allocations {
    /** A loop body that may fail. */
    public interface Body {
        /** One round. */
        void run() throws Exception;
    }

    private Allocations() {
    }

    /** Bytes allocated by {@code rounds} rounds, after as many to warm up. */
    public static long ofLoop(int rounds, Body body) throws Exception {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        loop(rounds, body);
        long before = threads.getCurrentThreadAllocatedBytes();
        loop(rounds, body);
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private static void loop(int rounds, Body body) throws Exception {
        for (int i = 0; i < rounds; i++) {
            body.run();
        }
    }
}
