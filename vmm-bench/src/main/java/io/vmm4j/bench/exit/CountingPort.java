package io.vmm4j.bench.exit;

import io.vmm4j.devices.bus.BusDevice;
import java.util.concurrent.SynchronousQueue;

/**
 * A port that counts what is written to it, and holds the guest's one vCPU in a write until the next turn: the guest runs only while
 * {@link #letRun} waits for it.
 */
final class CountingPort implements BusDevice {

    private final SynchronousQueue<Long> turns = new SynchronousQueue<>();
    private final SynchronousQueue<Long> times = new SynchronousQueue<>();

    /** Confined to the vCPU's thread. */
    private long left;
    /** Confined to the vCPU's thread. */
    private long started;
    /** What was written; confined to the vCPU's thread. */
    private long sum;

    @Override
    public long read(long offset, int width) {
        return sum;
    }

    @Override
    public void write(long offset, int width, long value) {
        sum += value;
        left--;
        if (left <= 0) {
            takeTurn();
        }
    }

    private void takeTurn() {
        try {
            if (started != 0) {
                times.put(System.nanoTime() - started);
            }
            left = turns.take();
            started = System.nanoTime();
        } catch (InterruptedException e) {
            // The machine is being closed.
            Thread.currentThread().interrupt();
        }
    }

    /** Lets the guest make so many writes more, and returns the nanoseconds that they took. */
    long letRun(long writes) throws InterruptedException {
        turns.put(writes);
        return times.take();
    }

    /** Holds the guest no more. */
    void open() throws InterruptedException {
        turns.put(Long.MAX_VALUE);
    }
}
