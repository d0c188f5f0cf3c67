package io.vmm4j.core.control;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** Gives the answers to commands: never on the loop that carried a command out, for what follows an answer may wait for that loop. */
final class Answers {

    private Answers() {
    }

    /**
     * Runs {@code completion} on a thread that may be kept. Any thread.
     *
     * <p>That is one of its own, or of the common pool, but when the host has none to give: then it is the one thread that all futures'
     * timeouts of this JVM run on, which exists once the first was set. So a moment without threads delays others' timeouts at worst.
     */
    static void give(CompletableFuture<?> answer, Runnable completion) {
        try {
            answer.defaultExecutor().execute(completion);
        } catch (OutOfMemoryError | RejectedExecutionException e) {
            new CompletableFuture<Void>().completeOnTimeout(null, 0, TimeUnit.NANOSECONDS).thenRun(completion);
        }
    }

    /** Runs {@code action}, which must be short, when {@code answer} has not come within {@code time}. */
    static void unlessWithin(Duration time, CompletableFuture<?> answer, Runnable action) {
        CompletableFuture<Void> over = new CompletableFuture<Void>().completeOnTimeout(null, time.toNanos(), TimeUnit.NANOSECONDS);
        over.thenRun(action);
        answer.whenComplete((result, failure) -> over.cancel(false));
    }
}
