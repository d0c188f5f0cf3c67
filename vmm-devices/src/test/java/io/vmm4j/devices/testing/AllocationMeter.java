package io.vmm4j.devices.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/** Tells what a piece of work allocates, and that it allocates nothing once it is warm, by the JVM's own counts. */
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

    /**
     * Bytes that {@code work} allocates: on the heap on this thread, whether they are kept or not, and outside of the heap what
     * is there behind it.
     */
    public static long allocated(Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long direct = directBytes();
        long start = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - start + Math.max(0, directBytes() - direct);
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream().filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getTotalCapacity).sum();
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
