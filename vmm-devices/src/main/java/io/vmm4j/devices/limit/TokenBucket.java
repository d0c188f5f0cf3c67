package io.vmm4j.devices.limit;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.math.BigInteger;

/**
 * A token bucket: it starts full, refills evenly, and holds a one-time burst on top that is spent first and does not
 * refill. Pure arithmetic over a clock that is handed in.
 *
 * <p>A request for more tokens than the bucket holds could never be met: it is let through, takes all there is, and the
 * bucket stays shut for the time that the excess takes to refill.
 *
 * <p>Not thread-safe; {@link RateLimiter} guards it.
 */
final class TokenBucket {

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final long size;
    private final long refillNanos;
    private long burst;
    private long budget;
    /** Up to when {@link #budget} is right; in the future while the bucket is shut. */
    private long settledNanos;

    /**
     * @param config   size, refill time and burst; must limit something
     * @param nowNanos the clock
     */
    TokenBucket(BucketConfig config, long nowNanos) {
        if (config.isUnlimited()) {
            throw new IllegalArgumentException("a bucket of size " + config.size() + " and refill time " + config.refillMillis() + " ms limits nothing");
        }
        size = config.size();
        refillNanos = config.refillMillis() * NANOS_PER_MILLI;
        burst = config.oneTimeBurst();
        budget = size;
        settledNanos = nowNanos;
    }

    /** A bucket as it was saved, at {@code nowNanos}: what came in between is not added. */
    static TokenBucket restored(State state, long nowNanos) throws StateException {
        long size = state.integer("size", 1, Long.MAX_VALUE);
        long refillMillis = state.integer("refillMillis", 1, Long.MAX_VALUE / NANOS_PER_MILLI);
        TokenBucket bucket = new TokenBucket(new BucketConfig(size, refillMillis, state.integer("burst", 0, Long.MAX_VALUE)), nowNanos);
        bucket.budget = state.integer("budget", 0, size);
        bucket.settledNanos = nowNanos + state.integer("settledNanos", -bucket.refillNanos, Long.MAX_VALUE / 2);
        return bucket;
    }

    State saveState(long nowNanos) {
        replenish(nowNanos);
        return State.builder().put("size", size).put("refillMillis", refillNanos / NANOS_PER_MILLI).put("burst", burst).put("budget", budget)
                .put("settledNanos", settledNanos - nowNanos).build();
    }

    /**
     * How long {@code tokens} have to wait, in nanoseconds; 0 = {@link #take} may be called now.
     *
     * @param tokens   0 or more
     * @param nowNanos the clock, never less than before
     */
    long waitNanos(long tokens, long nowNanos) {
        replenish(nowNanos);
        if (settledNanos - nowNanos > 0) {
            return settledNanos - nowNanos;
        }
        long wanted = Math.max(0, tokens - burst);
        if (wanted <= budget || wanted > size) {
            return 0;
        }
        return Math.max(1, settledNanos + nanosFor(wanted - budget) - nowNanos);
    }

    /** Takes {@code tokens}, which do not have to wait at {@code nowNanos}. */
    void take(long tokens, long nowNanos) {
        long wanted = Math.max(0, tokens - burst);
        burst -= tokens - wanted;
        if (wanted <= budget) {
            budget -= wanted;
        } else {
            settledNanos = nowNanos + nanosFor(wanted - budget);
            budget = 0;
        }
    }

    /** Adds what came since the last time. The clock moves on by the time of whole tokens, rounded up: less than a nanosecond is lost, never gained. */
    private void replenish(long nowNanos) {
        long elapsed = nowNanos - settledNanos;
        if (elapsed <= 0) {
            return;
        }
        if (budget == size || elapsed >= refillNanos) {
            budget = size;
            settledNanos = nowNanos;
            return;
        }
        long tokens = scale(elapsed, size, refillNanos, 0);
        budget = tokens > size - budget ? size : budget + tokens;
        settledNanos += nanosFor(tokens);
    }

    /** The time in which {@code tokens} come, rounded up. */
    private long nanosFor(long tokens) {
        return scale(tokens, refillNanos, size, size - 1);
    }

    /** (value * by + extra) / over without overflow, at most Long.MAX_VALUE / 2 so that it compares as a time. */
    private static long scale(long value, long by, long over, long extra) {
        long product = value * by;
        if (Math.multiplyHigh(value, by) == 0 && product >= 0 && product <= Long.MAX_VALUE - extra) {
            return Math.min((product + extra) / over, Long.MAX_VALUE / 2);
        }
        BigInteger exact = BigInteger.valueOf(value).multiply(BigInteger.valueOf(by))
                .add(BigInteger.valueOf(extra)).divide(BigInteger.valueOf(over));
        return exact.min(BigInteger.valueOf(Long.MAX_VALUE / 2)).longValue();
    }
}
