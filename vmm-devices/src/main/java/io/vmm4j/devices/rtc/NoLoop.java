package io.vmm4j.devices.rtc;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;

/** The loop, and the timer, of a clock without interrupt: nothing is ever due. */
final class NoLoop implements EventLoop, LoopTimer {

    @Override
    public LoopTimer timer(Runnable onExpiry) {
        return this;
    }

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public void arm(long delayNanos) {
        // Nobody would hear of it.
    }

    @Override
    public void disarm() {
        // Never armed.
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
