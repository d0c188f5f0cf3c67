package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.LoopBarrier;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** What the driver's ends of a device and of its queues have the event loop do, in the order in which they came. Thread-safe. */
final class LoopActions {

    private final EventLoop loop;
    private final Queue<Once> waiting = new ConcurrentLinkedQueue<>();

    LoopActions(EventLoop loop) {
        this.loop = loop;
    }

    /** Runs once, by the loop or by who comes before it. */
    private final class Once implements Runnable {

        private final Runnable action;
        private final AtomicBoolean isBegun = new AtomicBoolean();

        Once(Runnable action) {
            this.action = action;
        }

        @Override
        public void run() {
            if (isBegun.compareAndSet(false, true)) {
                waiting.remove(this);
                action.run();
            }
        }
    }

    /**
     * Has the loop run {@code action}: at once when the caller is the loop, else as a task.
     *
     * @param action ends by running what it is given, on any thread
     * @param last   is done before the result completes
     * @return completes when {@code action} has come to its end
     */
    CompletableFuture<Void> perform(Consumer<Runnable> action, Runnable last) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Runnable quiesced = () -> {
            last.run();
            done.complete(null);
        };
        Once once = new Once(() -> {
            try {
                action.accept(quiesced);
            } catch (RuntimeException | Error e) {
                quiesced.run(); // a fault of the device's: no vCPU shall wait for it
                throw e;
            }
        });
        waiting.add(once);
        LoopBarrier.run(loop, once);
        return done;
    }

    /** Does here what the loop, which stands still or is the caller, has not come to yet. */
    void catchUp() {
        for (Once once = waiting.peek(); once != null; once = waiting.peek()) {
            once.run();
        }
    }
}
