package io.vmm4j.devices.testing;

import io.vmm4j.devices.time.NanoClock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * A clock turned by hand: monotonic time and wall-clock time that move together, and only when told to. Thread-safe.
 * Timers of a {@link ManualLoop} do not run by themselves: turn time through {@link ManualLoop#advance} to run them.
 */
public final class ManualClock implements NanoClock, InstantSource {

    private static final Instant DEFAULT_START = Instant.parse("2024-02-29T12:34:56Z");

    private final Instant start;
    private long nanos;

    /** Starts at 2024-02-29T12:34:56Z. */
    public ManualClock() {
        this(DEFAULT_START);
    }

    /** @param start the wall-clock time shown first */
    public ManualClock(Instant start) {
        this.start = start;
    }

    @Override
    public synchronized long nanoTime() {
        return nanos;
    }

    @Override
    public synchronized Instant instant() {
        return start.plusNanos(nanos);
    }

    /** Turns the clock on by {@code amount}, 0 or more. */
    public void advance(Duration amount) {
        advanceNanos(amount.toNanos());
    }

    /** Turns the clock on by {@code amountNanos} nanoseconds, 0 or more. */
    public synchronized void advanceNanos(long amountNanos) {
        if (amountNanos < 0) {
            throw new IllegalArgumentException("a monotonic clock does not go back: " + amountNanos + " ns");
        }
        nanos = Math.addExact(nanos, amountNanos);
    }
}
