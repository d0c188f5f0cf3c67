package io.vmm4j.bench.devices;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import java.util.ArrayDeque;
import java.util.Queue;

/** A loop that the benchmark runs on its own thread. Timers never expire: nothing measured here waits for one. */
final class BenchLoop implements EventLoop {

    private static final LoopTimer NEVER = new LoopTimer() {
        @Override
        public void arm(long delayNanos) {
            throw new IllegalStateException("a benchmark waits for time");
        }

        @Override
        public void disarm() {
            // It was not armed.
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    };

    private final Queue<Runnable> tasks = new ArrayDeque<>();

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public LoopTimer timer(Runnable onExpiry) {
        return NEVER;
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    /** Runs all that waits. */
    void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }
}
