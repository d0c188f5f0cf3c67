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

    private final CompletableFuture<R> answer = new CompletableFuture<>();
    private boolean isBegun;
    private boolean isWithdrawn;

    /**
     * @param time how long it may take to begin
     * @param late what the answer says when it has not
     */
    Command(Duration time, String late) {
        Answers.unlessWithin(time, answer, () -> {
            if (withdraw()) {
                fail(new TimeoutException(late));
            }
        });
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
        Answers.give(answer, () -> answer.complete(result));
    }

    /** Answers, unless that was done. Any thread. */
    void fail(Throwable why) {
        Answers.give(answer, () -> answer.completeExceptionally(why));
    }
}
