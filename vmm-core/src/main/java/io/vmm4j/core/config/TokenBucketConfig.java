package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.devices.limit.BucketConfig;

/**
 * One limit of a {@link RateLimiterConfig}. A size or a refill time of 0 means no limit.
 *
 * @param size         tokens the bucket holds, and gets back in {@code refillTime}; required
 * @param oneTimeBurst tokens that can be spent once on top; default 0
 * @param refillTime   milliseconds in which an empty bucket fills up; required
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TokenBucketConfig(
        @JsonProperty("size") Long size,
        @JsonProperty("one_time_burst") Long oneTimeBurst,
        @JsonProperty("refill_time") Long refillTime) {

    /** About 292 years, in milliseconds: what fits 64 bits of nanoseconds. */
    private static final long MAX_REFILL_TIME = Long.MAX_VALUE / 1_000_000;

    public TokenBucketConfig {
        oneTimeBurst = oneTimeBurst == null ? Long.valueOf(0) : oneTimeBurst;
    }

    /** A bucket without a burst. */
    public static TokenBucketConfig of(long size, long refillMillis) {
        return new TokenBucketConfig(size, null, refillMillis);
    }

    void check(String key, String name, Problems problems) {
        problems.require(size != null, key + ".size", name + " has no size");
        problems.require(size == null || size >= 0, key + ".size", name + " size " + size + " is below 0");
        problems.require(oneTimeBurst >= 0, key + ".one_time_burst", name + " one-time burst " + oneTimeBurst + " is below 0");
        problems.require(refillTime != null, key + ".refill_time", name + " has no refill time");
        problems.require(refillTime == null || refillTime >= 0 && refillTime <= MAX_REFILL_TIME, key + ".refill_time",
                name + " refill time " + refillTime + " ms is not in 0.." + MAX_REFILL_TIME);
    }

    /** Whether it limits something: neither number is 0. */
    @JsonIgnore
    boolean isLimit() {
        return size != null && size != 0 && refillTime != null && refillTime != 0;
    }

    /** As the devices take it; of a checked configuration only. */
    BucketConfig toBucket() {
        return new BucketConfig(size, refillTime, oneTimeBurst);
    }
}
