package io.vmm4j.cli;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Work that a signal to end ends in order: what was begun is put away before the process ends, if that takes no longer than some seconds. Confined to one
 * thread but for the signal's.
 */
final class BreakableWork implements AutoCloseable {

    private static final long ORDER_SECONDS = 10;

    private final CountDownLatch over = new CountDownLatch(1);
    private final Thread hook = new Thread(this::end, "vmm-signal");
    private volatile boolean isBroken;

    private BreakableWork() {
    }

    static BreakableWork begin() {
        BreakableWork work = new BreakableWork();
        try {
            Runtime.getRuntime().addShutdownHook(work.hook);
        } catch (IllegalStateException e) {
            work.isBroken = true; // a signal came already
        }
        return work;
    }

    /** To be called now and then: throws {@link CancellationException} when the process is to end. */
    void check() {
        if (isBroken) {
            throw new CancellationException("a signal ended the process");
        }
    }

    private void end() {
        isBroken = true;
        try {
            over.await(ORDER_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The work is done, or put away. Does not return when the process is ending: that has the last word on its status. */
    @Override
    public void close() {
        over.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            waitForEnd();
        }
    }

    private static void waitForEnd() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
