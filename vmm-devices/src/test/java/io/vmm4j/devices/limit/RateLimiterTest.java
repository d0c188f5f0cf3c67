package io.vmm4j.devices.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.ManualClock;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class RateLimiterTest {

    private static final long MILLI = 1_000_000;

    private final ManualClock clock = new ManualClock();

    private RateLimiter bytes(long size, long refillMillis, long burst) {
        return new RateLimiter(clock, new BucketConfig(size, refillMillis, burst), BucketConfig.UNLIMITED);
    }

    @Test
    void startsFullAndRefillsEvenly() {
        RateLimiter limiter = bytes(1000, 100, 0);
        assertEquals(0, limiter.admit(1000));
        assertEquals(10 * MILLI, limiter.admit(100), "a tenth of the bucket takes a tenth of the time");
        clock.advanceNanos(10 * MILLI - 1);
        assertEquals(1, limiter.admit(100));
        clock.advanceNanos(1);
        assertEquals(0, limiter.admit(100));
    }

    @Test
    void neverHoldsMoreThanItsSize() {
        RateLimiter limiter = bytes(1000, 100, 0);
        clock.advance(Duration.ofHours(1));
        assertEquals(0, limiter.admit(1000));
        assertEquals(100 * MILLI, limiter.admit(1000));
    }

    @Test
    void theBurstIsSpentFirstAndDoesNotComeBack() {
        RateLimiter limiter = bytes(1000, 100, 500);
        assertEquals(0, limiter.admit(400), "of the burst");
        assertEquals(0, limiter.admit(1100), "the rest of the burst and the whole bucket");
        assertTrue(limiter.admit(1) > 0);
        clock.advance(Duration.ofSeconds(10));
        assertEquals(0, limiter.admit(1000));
        assertTrue(limiter.admit(1) > 0, "only the bucket came back");
    }

    @Test
    void aRequestLargerThanTheBucketGoesThroughOnceAndShutsIt() {
        RateLimiter limiter = bytes(1000, 100, 0);
        assertEquals(0, limiter.admit(3500), "let through");
        assertEquals(250 * MILLI, limiter.admit(1), "2500 too much at 1000 in 100 ms");
        assertEquals(250 * MILLI, limiter.admit(5000));
        clock.advance(Duration.ofMillis(250));
        assertEquals(100_000, limiter.admit(1), "the bucket was left empty");
        assertEquals(0, limiter.admit(5000), "again let through");
    }

    @Test
    void bothBucketsAreTakenOrNone() {
        RateLimiter limiter = new RateLimiter(clock, new BucketConfig(1000, 100), new BucketConfig(2, 1000));
        assertEquals(0, limiter.admit(1000));
        assertEquals(50 * MILLI, limiter.admit(500), "bytes are out");
        clock.advance(Duration.ofMillis(50));
        assertEquals(0, limiter.admit(500), "the operation refused before was not counted");
        assertEquals(450 * MILLI, limiter.admit(0), "operations are out: one comes in 500 ms, 50 of which are over");
    }

    @Test
    void anOperationWithoutBytesDoesNotWaitForBandwidth() {
        RateLimiter limiter = bytes(10, 1000, 0);
        assertEquals(0, limiter.admit(10));
        assertEquals(0, limiter.admit(0));
    }

    @Test
    void aNewBucketIsFullAndAnAbsentOneStays() {
        RateLimiter limiter = new RateLimiter(clock, new BucketConfig(1000, 100), new BucketConfig(1, 1000));
        assertEquals(0, limiter.admit(1000));
        limiter.update(Optional.of(new BucketConfig(50, 100)), Optional.empty());
        assertEquals(1000 * MILLI, limiter.admit(50), "the operations bucket is still empty");
        limiter.update(Optional.empty(), Optional.of(BucketConfig.UNLIMITED));
        assertEquals(0, limiter.admit(50), "the new bandwidth bucket was full");
        limiter.update(Optional.of(new BucketConfig(0, 100)), Optional.empty());
        assertEquals(0, limiter.admit(Long.MAX_VALUE), "size 0 lifts the limit");
    }

    @Test
    void noneAdmitsEverythingAndCannotBeChanged() {
        assertEquals(0, RateLimiter.none().admit(Long.MAX_VALUE));
        assertThrows(IllegalStateException.class, () -> RateLimiter.none().update(Optional.empty(), Optional.empty()));
    }

    @Test
    void hugeNumbersDoNotOverflow() {
        RateLimiter limiter = bytes(Long.MAX_VALUE, Long.MAX_VALUE / MILLI, 0);
        assertEquals(0, limiter.admit(Long.MAX_VALUE));
        assertTrue(limiter.admit(Long.MAX_VALUE) > 0);
        clock.advanceNanos(Long.MAX_VALUE / 4);
        assertTrue(limiter.admit(Long.MAX_VALUE) > 0);
        assertEquals(0, limiter.admit(1000));
        RateLimiter tiny = bytes(1, Long.MAX_VALUE / MILLI, 0);
        assertEquals(0, tiny.admit(Long.MAX_VALUE));
        assertEquals(Long.MAX_VALUE / 2, tiny.admit(1), "centuries, but not a negative wait");
    }

    @Test
    void badSettingsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new BucketConfig(-1, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new BucketConfig(1, -1, 0));
        assertThrows(IllegalArgumentException.class, () -> new BucketConfig(1, 1, -1));
        assertThrows(IllegalArgumentException.class, () -> new BucketConfig(1, Long.MAX_VALUE, 0));
    }

    @Test
    void askingOftenDoesNotBringMore() {
        RateLimiter limiter = bytes(1_500_000, 1, 0); // 1.5 tokens a nanosecond
        assertEquals(0, limiter.admit(1_500_000));
        clock.advanceNanos(1);
        assertEquals(0, limiter.admit(1));
        assertTrue(limiter.admit(1) > 0, "one and a half have come, and one is spent");
        long admitted = 0;
        for (int i = 0; i < 10_000; i++) {
            clock.advanceNanos(1);
            while (limiter.admit(1) == 0) {
                admitted++;
            }
        }
        assertTrue(admitted <= 15_001, admitted + " in 10 us");
    }

    @Test
    void theRateHoldsOverTimeWhateverTheRequests() {
        long seed = 99;
        System.out.println("theRateHoldsOverTimeWhateverTheRequests: seed " + seed);
        Random random = new Random(seed);
        RateLimiter limiter = bytes(100_003, 97, 0);
        long admitted = 0;
        long start = clock.nanoTime();
        while (clock.nanoTime() - start < 100_000 * MILLI) {
            int wanted = random.nextInt(20) == 0 ? 300_000 : 1 + random.nextInt(50_000);
            for (long wait = limiter.admit(wanted); wait > 0; wait = limiter.admit(wanted)) {
                clock.advanceNanos(wait);
            }
            admitted += wanted;
        }
        double expected = 100_003.0 / 97 * 100_000;
        assertEquals(1.0, admitted / expected, 0.01, "bytes admitted in 100 s");
    }

    @Test
    void whatComesWhileTheBucketIsNearlyFullIsCutOff() {
        RateLimiter limiter = bytes(1000, 100, 0);
        assertEquals(0, limiter.admit(100));
        clock.advance(Duration.ofMillis(50));
        assertEquals(0, limiter.admit(1000));
        assertEquals(MILLI / 10, limiter.admit(1), "none of the 400 that came too many");
    }

    @Test
    void theBurstIsSpentInPiecesBeforeTheBucketIsTouched() {
        RateLimiter limiter = bytes(1000, 100, 500);
        for (int i = 0; i < 5; i++) {
            assertEquals(0, limiter.admit(100));
        }
        assertEquals(0, limiter.admit(1000), "the bucket is whole");
        assertEquals(MILLI / 10, limiter.admit(1), "and nothing is left of either");
    }

    @Test
    void productsBeyond64BitsAreExact() {
        RateLimiter large = bytes(1L << 40, 1 << 20, 0); // fills up in 2^26 * 15625 ns
        assertEquals(0, large.admit(1L << 40));
        clock.advanceNanos(1 << 30); // times 2^40 its low 64 bits are 0
        assertEquals(0, large.admit(1_125_899_906), "2^44 / 15625");
        assertTrue(large.admit(2) > 0);
    }

    @Test
    void productsOf64BitsAreNotNegative() {
        RateLimiter limiter = bytes(1L << 33, 1 << 20, 0);
        assertEquals(0, limiter.admit(1L << 33));
        clock.advanceNanos(1 << 30); // times 2^33 that is 2^63
        assertEquals(0, limiter.admit(8_796_093), "2^37 / 15625");
        assertTrue(limiter.admit(2) > 0);
    }

    @Test
    void roundingUpDoesNotOverflow() {
        RateLimiter limiter = bytes(1L << 62, 1 << 20, 0);
        assertEquals(0, limiter.admit(1L << 62));
        assertEquals(2, limiter.admit(8_000_000), "1.8 ns, rounded up");
    }

    @Test
    void operationsAloneCanBeLimited() {
        RateLimiter limiter = new RateLimiter(clock, BucketConfig.UNLIMITED, new BucketConfig(1, 1000));
        assertEquals(0, limiter.admit(Long.MAX_VALUE));
        assertEquals(1000 * MILLI, limiter.admit(0));
    }

    @Test
    void onlyNoneCanNeverLimit() {
        assertTrue(new RateLimiter(clock, BucketConfig.UNLIMITED, BucketConfig.UNLIMITED).canLimit());
        assertFalse(RateLimiter.none().canLimit());
    }

    @Test
    void aRefillTimeOfZeroLimitsNothing() {
        assertTrue(new BucketConfig(1000, 0).isUnlimited());
        assertEquals(0, bytes(1000, 0, 0).admit(Long.MAX_VALUE));
    }
}
