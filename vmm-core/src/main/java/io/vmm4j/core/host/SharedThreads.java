package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.ResourceLimits;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that all machines of a JVM share for what each of them needs once in a while. There is one of each kind as long as there is
 * a machine, and for a while after the last, so that one that comes soon finds them; more where one is kept. Thread-safe.
 */
final class SharedThreads {

    private static final long LINGER_SECONDS = 10;
    private static final long RETRY_MILLIS = 100;

    /** Guarded by the class; {@code null} while there are none. */
    private static SharedThreads current;

    private final ScheduledThreadPoolExecutor timer;
    private final AnsweringThreads answers;
    private final AnsweringThreads ends;
    /* Guarded by the class. */
    private int holders;
    private long holding;

    private SharedThreads(ScheduledThreadPoolExecutor timer, AnsweringThreads answers, AnsweringThreads ends) {
        this.timer = timer;
        this.answers = answers;
        this.ends = ends;
    }

    /**
     * Holds them until {@link #release}.
     *
     * @throws IOException when the host has not so many threads to give
     */
    static synchronized SharedThreads hold() throws IOException {
        if (current == null) {
            current = start();
        }
        current.holders++;
        current.holding++;
        return current;
    }

    private static SharedThreads start() throws IOException {
        ScheduledThreadPoolExecutor timer = newTimer("vm-timer");
        AnsweringThreads answers = null;
        try {
            Executor later = task -> timer.schedule(task, RETRY_MILLIS, TimeUnit.MILLISECONDS);
            answers = AnsweringThreads.start("vm-answers", later);
            return new SharedThreads(timer, answers, AnsweringThreads.start("vm-end", later));
        } catch (IOException e) {
            timer.shutdownNow();
            if (answers != null) {
                answers.close();
            }
            throw e;
        }
    }

    private static ScheduledThreadPoolExecutor newTimer(String name) throws IOException {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        try {
            timer.prestartCoreThread();
            return timer;
        } catch (OutOfMemoryError e) {
            timer.shutdownNow();
            throw new IOException("the host has no thread for " + name + " (" + e.getMessage() + "): " + ResourceLimits.ofThreads(), e);
        }
    }

    /** Completes futures that others follow, who may wait. */
    AnsweringThreads answers() {
        return answers;
    }

    /** Takes machines down. */
    AnsweringThreads ends() {
        return ends;
    }

    /** Runs {@code task}, which is short, after a time. */
    Future<?> schedule(Runnable task, long delayNanos) {
        return timer.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
    }

    /** Lets go of what {@link #hold} gave. */
    void release() {
        synchronized (SharedThreads.class) {
            holders--;
            if (holders == 0) {
                long last = holding;
                timer.schedule(() -> closeUnlessHeldSince(last), LINGER_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    private void closeUnlessHeldSince(long last) {
        synchronized (SharedThreads.class) {
            if (holding != last) {
                return;
            }
            current = null;
        }
        ends.close();
        answers.close();
        timer.shutdownNow();
    }
}
