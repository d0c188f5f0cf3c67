package io.vmm4j.core.vhostuser;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.time.NanoClock;

/**
 * When another back end is looked for, and which losses are news: one that comes soon after the connection was made is none, so that a back end that
 * comes and goes neither fills the log nor keeps a processor busy. Confined to the loop.
 */
final class Retry implements AutoCloseable {

    private final Timing timing;
    private final NanoClock clock;
    private final LoopTimer timer;
    private long delayNanos;
    private long connectedAt;
    private boolean isLossNews = true;

    /** @param action looks for one; calls {@link #later} when there is none */
    Retry(EventLoop loop, NanoClock clock, Timing timing, Runnable action) {
        this.timing = timing;
        this.clock = clock;
        this.timer = loop.timer(action);
        this.delayNanos = timing.firstRetry().toNanos();
        this.connectedAt = clock.nanoTime();
    }

    /** There is a back end again. */
    void connected() {
        timer.disarm();
        connectedAt = clock.nanoTime();
    }

    /** The back end has gone. Returns whether that is news. */
    boolean lost() {
        boolean wasStable = clock.nanoTime() - connectedAt >= timing.stable().toNanos();
        if (wasStable) {
            delayNanos = timing.firstRetry().toNanos();
        }
        boolean isNews = isLossNews || wasStable;
        isLossNews = false;
        return isNews;
    }

    /** Has the action run later, each time twice as late. */
    void later() {
        timer.arm(delayNanos);
        delayNanos = Math.min(2 * delayNanos, timing.lastRetry().toNanos());
    }

    /** Forgets it. */
    void cancel() {
        timer.disarm();
    }

    @Override
    public void close() {
        timer.close();
    }
}
