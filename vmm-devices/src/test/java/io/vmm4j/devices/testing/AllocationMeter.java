package io.vmm4j.devices.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Shows that a piece of work allocates nothing once it is warm, by the JVM's own count of the thread's allocations. */
public final class AllocationMeter {

    private static final int WARM_UP = 20_000;
    private static final int ROUNDS = 2_000;
    /** What the JVM may allocate on its own behalf in all rounds together, as when it compiles. */
    private static final long SLACK = 16 * 1024;

    private AllocationMeter() {
    }

    /**
     * Throws {@link AssertionError} when {@code work} allocates.
     *
     * @param before runs before each round, not measured
     * @param work   what is measured
     * @param after  runs after each round, not measured
     */
    public static void assertNone(Runnable before, Runnable work, Runnable after) {
        measure(WARM_UP, before, work, after);
        long bytes = measure(ROUNDS, before, work, after);
        if (bytes > SLACK) {
            throw new AssertionError(bytes + " bytes allocated in " + ROUNDS + " rounds");
        }
    }

    private static long measure(int rounds, Runnable before, Runnable work, Runnable after) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long bytes = 0;
        for (int i = 0; i < rounds; i++) {
            before.run();
            long start = threads.getCurrentThreadAllocatedBytes();
            work.run();
            bytes += threads.getCurrentThreadAllocatedBytes() - start;
            after.run();
        }
        return bytes;
    }
}
