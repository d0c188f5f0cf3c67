package io.vmm4j.devices.virtio;

import io.vmm4j.devices.time.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * An action on an event loop that others go by: what a reset needs, which is over only once the loop has let go of the guest's
 * memory. It comes to an end, because the task runs, or a loop that has ended refuses it, and then it runs here.
 */
public final class LoopBarrier {

    private final CompletableFuture<Void> done = new CompletableFuture<>();

    private LoopBarrier() {
    }

    /** Has {@code loop} run {@code action}: at once when the caller is the loop, else as a task. */
    public static LoopBarrier run(EventLoop loop, Runnable action) {
        LoopBarrier barrier = new LoopBarrier();
        if (loop.inLoop()) {
            barrier.perform(action);
            return barrier;
        }
        try {
            loop.execute(() -> barrier.perform(action));
        } catch (RejectedExecutionException e) {
            barrier.perform(action); // the loop has ended: nobody is left on the other side
        }
        return barrier;
    }

    /** Completes, never exceptionally, when the action has run; on the loop's thread. */
    public CompletableFuture<Void> done() {
        return done;
    }

    /**
     * Waits until the action has run; not from a loop, which has others to serve. An interrupt does not end the wait; it is there again
     * afterwards.
     */
    public void await() {
        done.join();
    }

    private void perform(Runnable action) {
        try {
            action.run();
        } finally {
            done.complete(null);
        }
    }
}
