package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.ResourceLimits;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;

/**
 * The threads that a machine needs once in a while: to tell what has become of a command, to lose patience, to take the
 * machine down. All are there from its making on, so that a host without threads takes none of this from a machine that runs.
 * Thread-safe.
 */
public final class HelperThreads implements AutoCloseable {

    private final AnsweringThreads answers;
    private final ScheduledThreadPoolExecutor timer;
    private final StandbyThread end;

    private HelperThreads(AnsweringThreads answers, ScheduledThreadPoolExecutor timer, StandbyThread end) {
        this.answers = answers;
        this.timer = timer;
        this.end = end;
    }

    /** {@link #start(UnaryOperator)} with names as they are. */
    public static HelperThreads start() throws IOException {
        return start(UnaryOperator.identity());
    }

    /**
     * Starts them.
     *
     * @param names what a thread that does such work is called
     * @throws IOException when the host has not so many threads to give
     */
    public static HelperThreads start(UnaryOperator<String> names) throws IOException {
        AnsweringThreads answers = AnsweringThreads.start(names.apply("vm-answers"));
        ScheduledThreadPoolExecutor timer = null;
        try {
            timer = newTimer(names.apply("vm-timer"));
            return new HelperThreads(answers, timer, StandbyThread.start(names.apply("vm-end")));
        } catch (IOException e) {
            answers.close();
            if (timer != null) {
                timer.shutdownNow();
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
            throw new IOException("the host has no thread for " + name + " (" + e.getMessage() + "): " + ResourceLimits.ofThreads(), e);
        }
    }

    /** Completes futures that others follow, who may wait; on no thread that the machine itself waits for. */
    public Executor answers() {
        return answers;
    }

    /** The thread that takes the machine down, for those who count it. */
    public Thread endThread() {
        return end.thread();
    }

    /**
     * Runs {@code task}, which is short, after a time; never once this is closed.
     *
     * @return by which it can be cancelled
     */
    public Future<?> schedule(Runnable task, long delayNanos) {
        try {
            return timer.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Has {@code future} fail with a {@link TimeoutException} when it is not done within the time; returns it. */
    public <R> CompletableFuture<R> within(long nanos, CompletableFuture<R> future) {
        Future<?> alarm = schedule(() -> answers.execute(() -> future.completeExceptionally(new TimeoutException())), nanos);
        future.whenComplete((result, failure) -> alarm.cancel(false));
        return future;
    }

    /** Takes the machine down, by {@code tearDown}, on a thread of its own: the caller may be one that this waits for. */
    public void end(Runnable tearDown) {
        end.execute(tearDown);
    }

    /** Ends the threads once they have done what they were given; does not wait for that. What is scheduled is forgotten. */
    @Override
    public void close() {
        end.close();
        timer.shutdownNow();
        answers.close();
    }
}
