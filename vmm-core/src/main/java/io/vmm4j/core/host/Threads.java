package io.vmm4j.core.host;

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
}
