package io.vmm4j.core.machine;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** A time that somebody has for something, and that goes by only while it could be done. For one thread, which looks often. */
final class Patience {

    private final BooleanSupplier isInterrupted;
    private long leftNanos;
    private long lastNanos = System.nanoTime();

    /**
     * @param time          there is
     * @param isInterrupted true while it does not go by
     */
    Patience(Duration time, BooleanSupplier isInterrupted) {
        this.leftNanos = time.toNanos();
        this.isInterrupted = isInterrupted;
    }

    /** Whether all of it has gone by. */
    boolean isOver() {
        long now = System.nanoTime();
        if (!isInterrupted.getAsBoolean()) {
            leftNanos -= now - lastNanos;
        }
        lastNanos = now;
        return leftNanos <= 0;
    }
}
