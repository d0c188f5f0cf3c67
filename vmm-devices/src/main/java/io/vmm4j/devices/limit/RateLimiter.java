package io.vmm4j.devices.limit;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.NanoClock;
import java.util.Objects;
import java.util.Optional;

/**
 * Limits a device by bytes and by operations at once: a request needs one token of the operations bucket and one a byte
 * of the bandwidth bucket, and takes both or none.
 *
 * <p>Thread-safe, so that the queues of a device share one; it knows no timers: the device that was told to wait arms its own.
 */
public final class RateLimiter implements Stateful {

    private static final long ADMITTED = 0;

    /** Null in {@link #none()}. */
    private final NanoClock clock;
    /** Null = no limit, as the hot path asks. */
    private TokenBucket bandwidth;
    private TokenBucket operations;
    private volatile boolean limited;

    /**
     * @param clock      what refill goes by
     * @param bandwidth  bytes
     * @param operations requests
     */
    public RateLimiter(NanoClock clock, BucketConfig bandwidth, BucketConfig operations) {
        this.clock = Objects.requireNonNull(clock, "clock");
        update(Optional.of(bandwidth), Optional.of(operations));
    }

    private RateLimiter() {
        this.clock = null;
    }

    /** A limiter that admits everything and cannot be changed, for a device that has no limits. */
    public static RateLimiter none() {
        return new RateLimiter();
    }

    /** Whether it can ever make anybody wait, now or after an {@link #update}: false of {@link #none()}. */
    public boolean canLimit() {
        return clock != null;
    }

    /**
     * Asks for one operation of {@code bytes}.
     *
     * @param bytes 0 or more; 0 = only the operation counts
     * @return 0 = admitted and paid for; else the nanoseconds after which to ask again, nothing being taken
     */
    public long admit(long bytes) {
        if (!limited) {
            return ADMITTED;
        }
        synchronized (this) {
            long now = clock.nanoTime();
            long wait = Math.max(waitNanos(operations, 1, now), bytes == 0 ? 0 : waitNanos(bandwidth, bytes, now));
            if (wait > 0) {
                return wait;
            }
            take(operations, 1, now);
            take(bandwidth, bytes, now);
            return ADMITTED;
        }
    }

    /**
     * Changes the limits: an absent bucket stays as it is, a present one starts full, an unlimited one lifts its limit.
     * Whoever was told to wait should ask again.
     *
     * @throws IllegalStateException on {@link #none()}, which has no clock
     */
    public synchronized void update(Optional<BucketConfig> newBandwidth, Optional<BucketConfig> newOperations) {
        if (clock == null) {
            throw new IllegalStateException("this device was made without a rate limiter");
        }
        if (newBandwidth.isPresent()) {
            bandwidth = bucketOf(newBandwidth.get());
        }
        if (newOperations.isPresent()) {
            operations = bucketOf(newOperations.get());
        }
        limited = bandwidth != null || operations != null;
    }

    /** Limits and levels. */
    @Override
    public synchronized State saveState() {
        State.Builder state = State.builder();
        if (bandwidth != null) {
            state.put("bandwidth", bandwidth.saveState(clock.nanoTime()));
        }
        if (operations != null) {
            state.put("operations", operations.saveState(clock.nanoTime()));
        }
        return state.build();
    }

    /** The levels are those of then: nothing is refilled for the time in between. */
    @Override
    public synchronized void restoreState(State state) throws StateException {
        bandwidth = restored(state, "bandwidth");
        operations = restored(state, "operations");
        limited = bandwidth != null || operations != null;
    }

    private TokenBucket restored(State state, String name) throws StateException {
        if (!state.has(name)) {
            return null;
        }
        if (clock == null) {
            throw new StateException(name + " is limited, and the device was made without a rate limiter");
        }
        try {
            return TokenBucket.restored(state.part(name), clock.nanoTime());
        } catch (StateException e) {
            throw e.in(name);
        }
    }

    private TokenBucket bucketOf(BucketConfig config) {
        return config.isUnlimited() ? null : new TokenBucket(config, clock.nanoTime());
    }

    private static long waitNanos(TokenBucket bucket, long tokens, long now) {
        return bucket == null ? 0 : bucket.waitNanos(tokens, now);
    }

    private static void take(TokenBucket bucket, long tokens, long now) {
        if (bucket != null) {
            bucket.take(tokens, now);
        }
    }
}
