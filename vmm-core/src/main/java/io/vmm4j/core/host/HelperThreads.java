package io.vmm4j.core.host;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;

/**
 * A machine's share of the threads that machines need once in a while: to tell what has become of a command, to lose patience, to take the
 * machine down. All are there from its making on, and shared by the machines of the JVM, so that a host without threads takes none of
 * this from a machine that runs: where one is kept by another machine's embedder, and the host has no more, it comes late. Thread-safe.
 */
public final class HelperThreads implements AutoCloseable {

    private final SharedThreads shared;
    /** What has been scheduled and has not been run. */
    private final Set<Future<?>> scheduled = ConcurrentHashMap.newKeySet();
    private volatile boolean isClosed;

    private HelperThreads(SharedThreads shared) {
        this.shared = shared;
    }

    /**
     * Starts them where no other machine has.
     *
     * @throws IOException when the host has not so many threads to give
     */
    public static HelperThreads start() throws IOException {
        return new HelperThreads(SharedThreads.hold());
    }

    /** Completes futures that others follow, who may wait; on no thread that the machine itself waits for. Once closed, on the caller's. */
    public Executor answers() {
        return task -> {
            if (isClosed) {
                task.run();
            } else {
                shared.answers().execute(task);
            }
        };
    }

    /**
     * Runs {@code task}, which is short, after a time; never once this is closed.
     *
     * @return by which it can be cancelled
     */
    public Future<?> schedule(Runnable task, long delayNanos) {
        if (isClosed) {
            return CompletableFuture.completedFuture(null);
        }
        scheduled.removeIf(Future::isDone);
        Future<?> alarm = shared.schedule(() -> {
            if (!isClosed) {
                task.run();
            }
        }, delayNanos);
        scheduled.add(alarm);
        if (isClosed) {
            alarm.cancel(false);
        }
        return alarm;
    }

    /** Has {@code future} fail with a {@link TimeoutException} when it is not done within the time; returns it. */
    public <R> CompletableFuture<R> within(long nanos, CompletableFuture<R> future) {
        Future<?> alarm = schedule(() -> answers().execute(() -> future.completeExceptionally(new TimeoutException())), nanos);
        future.whenComplete((result, failure) -> alarm.cancel(false));
        return future;
    }

    /** Takes the machine down, by {@code tearDown}, on a thread of its own: the caller may be one that this waits for. */
    public void end(Runnable tearDown) {
        shared.ends().execute(tearDown);
    }

    /** Lets go of the threads; what was given to them is done, and what is scheduled is forgotten. A second call does nothing. */
    @Override
    public void close() {
        synchronized (this) {
            if (isClosed) {
                return;
            }
            isClosed = true;
        }
        scheduled.forEach(alarm -> alarm.cancel(false));
        shared.release();
    }
}
