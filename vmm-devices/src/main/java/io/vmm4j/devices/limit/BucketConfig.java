package io.vmm4j.devices.limit;

/**
 * The settings of a {@link TokenBucket}.
 *
 * @param size         tokens it holds, and gets back in {@code refillMillis}; 0 = no limit
 * @param refillMillis milliseconds in which an empty bucket fills up; 0 = no limit
 * @param oneTimeBurst tokens that can be spent once on top, before any others
 */
public record BucketConfig(long size, long refillMillis, long oneTimeBurst) {

    /** No limit. */
    public static final BucketConfig UNLIMITED = new BucketConfig(0, 0, 0);

    private static final long MAX_REFILL_MILLIS = Long.MAX_VALUE / 1_000_000;

    /** @throws IllegalArgumentException when a number is negative, or the refill time is more than 292 years */
    public BucketConfig {
        if (size < 0 || oneTimeBurst < 0) {
            throw new IllegalArgumentException("bucket size " + size + " and one-time burst " + oneTimeBurst + " must not be negative");
        }
        if (refillMillis < 0 || refillMillis > MAX_REFILL_MILLIS) {
            throw new IllegalArgumentException("refill time " + refillMillis + " ms is not within 0 to " + MAX_REFILL_MILLIS);
        }
    }

    /** A bucket without a burst. */
    public BucketConfig(long size, long refillMillis) {
        this(size, refillMillis, 0);
    }

    /** Whether it limits nothing. */
    public boolean isUnlimited() {
        return size == 0 || refillMillis == 0;
    }
}
