package io.vmm4j.core.control;

import io.vmm4j.core.host.HelperThreads;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** Gives the answers to commands: never on the loop that carried a command out, for what follows an answer may wait for that loop. */
final class Answers {

    /**
     * For a device outside a machine: threads of the common pool, or one of its own for each, but when the host has none to give. Then it is
     * the one thread that all futures' timeouts of this JVM run on, which exists once the first was set: a moment without threads
     * delays others' timeouts at worst.
     */
    static final Answers COMMON = on(new CompletableFuture<Void>().defaultExecutor());

    /** Runs a task after a time, unless its result is cancelled before. */
    private interface Alarms {
        Future<?> schedule(Runnable task, long delayNanos);
    }

    private final Executor giver;
    private final Alarms alarms;

    private Answers(Executor giver, Alarms alarms) {
        this.giver = giver;
        this.alarms = alarms;
    }

    /** By the machine's own threads. */
    static Answers of(HelperThreads helpers) {
        return new Answers(helpers.answers(), helpers::schedule);
    }

    /** By {@code threads} as long as there are any. */
    static Answers on(Executor threads) {
        return new Answers(completion -> {
            try {
                threads.execute(completion);
            } catch (OutOfMemoryError | RejectedExecutionException e) {
                scheduleCommonly(completion, 0);
            }
        }, Answers::scheduleCommonly);
    }

    private static Future<?> scheduleCommonly(Runnable task, long delayNanos) {
        CompletableFuture<Void> over = new CompletableFuture<>();
        // Before the time runs: what comes behind its end is done by whoever asks for it.
        over.thenRun(task);
        return over.completeOnTimeout(null, delayNanos, TimeUnit.NANOSECONDS);
    }

    /** Runs {@code completion} on a thread that may be kept. Any thread. */
    void give(Runnable completion) {
        giver.execute(completion);
    }

    /** Runs {@code action}, which must be short, when {@code answer} has not come within {@code time}. */
    void unlessWithin(Duration time, CompletableFuture<?> answer, Runnable action) {
        Future<?> alarm = alarms.schedule(action, time.toNanos());
        answer.whenComplete((result, failure) -> alarm.cancel(false));
    }
}
