package io.vmm4j.core.host;

import java.io.IOException;

/** What the platform's threads lack. */
public final class Threads {

    private Threads() {
    }

    /** Waits for the end of {@code thread}; an interrupt of the caller is kept for later. */
    public static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Starts {@code thread}.
     *
     * @throws IOException when the host has none to give
     */
    public static void start(Thread thread) throws IOException {
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            throw new IOException("the host has no thread for " + thread.getName() + " (" + e.getMessage() + ")", e);
        }
    }

    /**
     * Waits for the end of {@code thread} for a bounded time. Does not wait for the caller itself, and an interrupt of
     * the caller ends the wait and is kept for later.
     *
     * @return whether the thread has ended
     */
    public static boolean joinWithin(Thread thread, long limitMillis) {
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
