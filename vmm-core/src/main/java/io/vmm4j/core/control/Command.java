package io.vmm4j.core.control;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/**
 * A command on its way to a device, and the answer to it. What was not begun within its time is withdrawn: it has failed, and will not happen
 * any more; what was begun is answered by what comes of it. Thread-safe.
 *
 * @param <R> the result
 */
final class Command<R> {

    private final Answers answers;
    private final CompletableFuture<R> answer;
    private boolean isBegun;
    private boolean isWithdrawn;

    /**
     * @param answers gives the answer
     * @param answer  completes with it
     * @param time    how long it may take to begin
     * @param late    what the answer says when it has not
     */
    Command(Answers answers, CompletableFuture<R> answer, Duration time, String late) {
        this.answers = answers;
        this.answer = answer;
        answers.unlessWithin(time, answer, () -> {
            if (withdraw()) {
                fail(new TimeoutException(late));
            }
        });
    }

    /** A time as messages have it: in seconds where it is so long. */
    static String named(Duration time) {
        return time.toSeconds() > 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    CompletableFuture<R> answer() {
        return answer;
    }

    /** The last moment before the command changes anything: false when it is not to. */
    synchronized boolean begin() {
        isBegun = !isWithdrawn;
        return isBegun;
    }

    private synchronized boolean withdraw() {
        isWithdrawn = !isBegun;
        return isWithdrawn;
    }

    /** Answers a command that was begun. Any thread. */
    void succeed(R result) {
        answers.give(() -> answer.complete(result));
    }

    /** Answers, unless that was done. Any thread. */
    void fail(Throwable why) {
        answers.give(() -> answer.completeExceptionally(why));
    }
}
