package io.vmm4j.api.control;

import io.vmm4j.api.request.RateLimiterBody;
import io.vmm4j.api.request.TokenBucketBody;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.config.TokenBucketConfig;

/** Limits as they are kept: what limits nothing is not there. */
final class Limits {

    private static final long NANOS_PER_MILLI = 1_000_000;
    /** The longest refill time that the devices take, in milliseconds. */
    private static final long REFILL_MAX = Long.MAX_VALUE / NANOS_PER_MILLI;

    private Limits() {
    }

    /** What {@code asked} leaves of itself, {@code null} when that is nothing. */
    static RateLimiterBody kept(RateLimiterBody asked) {
        return asked == null ? null : of(kept(asked.bandwidth()), kept(asked.ops()));
    }

    /** {@code now} with the buckets changed that {@code change} has. */
    static RateLimiterBody changed(RateLimiterBody now, RateLimiterBody change) {
        if (change == null) {
            return now;
        }
        return of(change.bandwidth() == null ? now == null ? null : now.bandwidth() : kept(change.bandwidth()),
                change.ops() == null ? now == null ? null : now.ops() : kept(change.ops()));
    }

    private static RateLimiterBody of(TokenBucketBody bandwidth, TokenBucketBody ops) {
        return bandwidth == null && ops == null ? null : new RateLimiterBody(bandwidth, ops);
    }

    private static TokenBucketBody kept(TokenBucketBody bucket) {
        if (bucket == null || !isLimit(bucket)) {
            return null;
        }
        boolean hasBurst = bucket.oneTimeBurst() != null && bucket.oneTimeBurst() != 0;
        return new TokenBucketBody(bucket.size(), hasBurst ? bucket.oneTimeBurst() : null, bucket.refillTime());
    }

    /** A refill time that does not fit 64 bits of nanoseconds limits nothing, as at Firecracker. */
    private static boolean isLimit(TokenBucketBody bucket) {
        return bucket.size() != 0 && bucket.refillTime() != 0
                && Long.compareUnsigned(bucket.refillTime(), Long.divideUnsigned(-1, NANOS_PER_MILLI)) <= 0;
    }

    /** As the devices take them; a bucket that limits nothing lifts a limit. {@code null} for {@code null}. */
    static RateLimiterConfig toConfig(RateLimiterBody limits) {
        return limits == null ? null : new RateLimiterConfig(toConfig(limits.bandwidth()), toConfig(limits.ops()));
    }

    static TokenBucketConfig toConfig(TokenBucketBody bucket) {
        if (bucket == null) {
            return null;
        }
        if (!isLimit(bucket)) {
            return new TokenBucketConfig(0L, 0L, 0L);
        }
        long burst = bucket.oneTimeBurst() == null ? 0 : signed(bucket.oneTimeBurst());
        return new TokenBucketConfig(signed(bucket.size()), burst, Math.min(signed(bucket.refillTime()), REFILL_MAX));
    }

    /** The largest number of 63 bits is as good as any above. */
    private static long signed(long unsigned) {
        return unsigned < 0 ? Long.MAX_VALUE : unsigned;
    }

    /** Writes limits as a field. */
    static void write(JsonText json, String key, RateLimiterBody limits) {
        if (limits == null) {
            json.fieldNull(key);
            return;
        }
        json.begin(key);
        write(json, "bandwidth", limits.bandwidth());
        write(json, "ops", limits.ops());
        json.end();
    }

    private static void write(JsonText json, String key, TokenBucketBody bucket) {
        if (bucket == null) {
            json.fieldNull(key);
            return;
        }
        json.begin(key);
        json.field("size", bucket.size());
        json.field("one_time_burst", bucket.oneTimeBurst());
        json.field("refill_time", bucket.refillTime());
        json.end();
    }
}
