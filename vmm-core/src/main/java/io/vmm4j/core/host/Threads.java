package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.ResourceLimits;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What the platform's threads lack. */
public final class Threads {

    private Threads() {
    }

    /** Waits for the end of {@code thread}; an interrupt of the caller is kept for later. */
    public static void joinUninterruptibly(Thread thread) {
        while (!joinUninterruptibly(thread, Long.MAX_VALUE)) {
            continue;
        }
    }

    /**
     * Starts {@code thread}.
     *
     * @throws IOException when the host has none to give, naming the limits there are
     */
    public static void start(Thread thread) throws IOException {
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            throw new IOException("the host has no thread for " + thread.getName() + " (" + e.getMessage() + "): " + ResourceLimits.ofThreads(), e);
        }
    }

    /** Whether {@code failure} is that of a host, or of its limits, that had no thread to give. */
    public static boolean isLackOfThreads(Throwable failure) {
        return failure instanceof OutOfMemoryError && String.valueOf(failure.getMessage()).contains("native thread");
    }

    /**
     * Waits for the end of {@code thread}, for {@code limitMillis} at most; an interrupt of the caller is kept for later.
     *
     * @return whether the thread has ended, or never began
     */
    public static boolean joinUninterruptibly(Thread thread, long limitMillis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis);
        boolean interrupted = false;
        while (thread.isAlive()) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                break;
            }
            try {
                TimeUnit.NANOSECONDS.timedJoin(thread, left);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    /**
     * Waits on {@code monitor}, which is notified of changes, until {@code isOver}, for {@code nanos} at most; an interrupt of the caller is kept for
     * later.
     *
     * @param isOver asked with the monitor held
     * @return whether it is
     */
    public static boolean awaitUninterruptibly(Object monitor, BooleanSupplier isOver, long nanos) {
        long end = System.nanoTime() + nanos;
        boolean interrupted = false;
        try {
            synchronized (monitor) {
                for (long left = nanos; !isOver.getAsBoolean() && left > 0; left = end - System.nanoTime()) {
                    try {
                        TimeUnit.NANOSECONDS.timedWait(monitor, left);
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
                return isOver.getAsBoolean();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Waits for the end of {@code thread} for a bounded time. Does not wait for the caller itself, and an interrupt of
     * the caller ends the wait and is kept for later.
     *
     * @param thread {@code null} for one that was never made
     * @return whether the thread has ended
     */
    public static boolean joinWithin(Thread thread, long limitMillis) {
        if (thread == null) {
            return true;
        }
        if (thread == Thread.currentThread()) {
            return false;
        }
        try {
            thread.join(limitMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }
}
