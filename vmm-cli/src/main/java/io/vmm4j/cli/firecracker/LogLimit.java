package io.vmm4j.cli.firecracker;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Bounds the lines that a guest can cause: of each call site {@value #BURST} pass at once, and one more every
 * {@value #PERIOD_MILLIS} ms after that, as at Firecracker. A site is a logger and a pattern. Thread-safe.
 */
final class LogLimit {

    /** {@link #admit} for a line that is not to be written. */
    static final long SUPPRESSED = -1;

    private static final int BURST = 10;
    private static final int PERIOD_MILLIS = 500;
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(PERIOD_MILLIS);
    /** More sites than the program has; those beyond share one, so that whatever is a pattern takes no memory without bound. */
    private static final int SITES_MAX = 1024;

    private final LongSupplier clock;
    private final Map<SiteName, Site> sites = new ConcurrentHashMap<>();
    private final Site others;
    private final LongAdder suppressed = new LongAdder();

    /** @param clock nanoseconds, as {@link System#nanoTime()} */
    LogLimit(LongSupplier clock) {
        this.clock = clock;
        this.others = new Site(clock.getAsLong());
    }

    private record SiteName(String logger, String pattern) {
    }

    /**
     * Whether a line may be written.
     *
     * @return how many lines of the site were not since the last one that was; {@link #SUPPRESSED} when this one is not
     */
    long admit(String logger, String pattern) {
        long now = clock.getAsLong();
        SiteName name = new SiteName(logger, pattern);
        Site site = sites.get(name);
        if (site == null) {
            site = sites.size() < SITES_MAX ? sites.computeIfAbsent(name, key -> new Site(now)) : others;
        }
        long before = site.admit(now);
        if (before == SUPPRESSED) {
            suppressed.increment();
        }
        return before;
    }

    /** How many lines were suppressed so far. */
    long suppressed() {
        return suppressed.sum();
    }

    /** The generic cell rate algorithm. */
    private static final class Site {

        /** When the site will have used up nothing of what it may. */
        private long freeNanos;
        private long left;

        Site(long now) {
            freeNanos = now;
        }

        synchronized long admit(long now) {
            long next = (freeNanos - now > 0 ? freeNanos : now) + PERIOD_NANOS;
            if (next - now > BURST * PERIOD_NANOS) {
                left++;
                return SUPPRESSED;
            }
            freeNanos = next;
            long before = left;
            left = 0;
            return before;
        }
    }
}
