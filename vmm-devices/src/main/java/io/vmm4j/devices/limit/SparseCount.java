package io.vmm4j.devices.limit;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Picks the occurrences of an event that are worth a log line: the 1st, 2nd, 4th, 8th and so on. At most 64 lines
 * however often a guest brings the event about. Thread-safe.
 */
public final class SparseCount {

    private final AtomicLong count = new AtomicLong();

    /** Nothing has occurred yet. */
    public SparseCount() {
        // From 0 on.
    }

    /** Counts one occurrence. Returns its number when it is to be logged, else 0. */
    public long next() {
        long number = count.incrementAndGet();
        return Long.bitCount(number) == 1 ? number : 0;
    }
}
