package io.vmm4j.devices.virtio;

import io.vmm4j.devices.time.EventLoop;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;

/**
 * An action on an event loop that another thread can wait for: what a reset needs, which is over only once the loop has
 * let go of the guest's memory.
 *
 * <p>The wait has no bound, for there is no safe way on while the loop may still write to the guest. It ends because a
 * loop waits for nobody: the task runs, or a loop that has ended refuses it, and then it runs here.
 */
public final class LoopBarrier {

    private final CountDownLatch done = new CountDownLatch(1);

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

    /** Waits until the action has run. An interrupt does not end the wait; it is there again afterwards. */
    public void await() {
        boolean interrupted = false;
        while (true) {
            try {
                done.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void perform(Runnable action) {
        try {
            action.run();
        } finally {
            done.countDown();
        }
    }
}
