package io.vmm4j.devices.virtio.blk;

import static io.vmm4j.devices.virtio.blk.BlkBench.DISCARD;
import static io.vmm4j.devices.virtio.blk.BlkBench.FLUSH;
import static io.vmm4j.devices.virtio.blk.BlkBench.IN;
import static io.vmm4j.devices.virtio.blk.BlkBench.OUT;
import static io.vmm4j.devices.virtio.blk.BlkBench.SECTORS;
import static io.vmm4j.devices.virtio.blk.BlkBench.VERSION_1;
import static io.vmm4j.devices.virtio.blk.BlkBench.WRITE_ZEROES;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.limit.BucketConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a limit counts: all that a guest can have the host do. */
final class BlkLimitTest {

    private static final int OK = 0;
    private static final int IOERR = 1;
    private static final int UNSUPP = 2;
    private static final int DISCARD_TYPE = 11;
    private static final int WRITE_ZEROES_TYPE = 13;
    private static final BlkConfig PLAIN = new BlkConfig(false, CacheType.WRITEBACK);
    private static final long FEATURES = VERSION_1 | FLUSH | DISCARD | WRITE_ZEROES;

    @Test
    void theBandwidthLimitDelaysWithoutLosing() throws IOException {
        BlkBench bench = new BlkBench(PLAIN);
        bench.limiter.update(Optional.of(new BucketConfig(1024, 100)), Optional.empty());
        bench.start(FEATURES);
        for (int i = 0; i < 4; i++) {
            bench.add(IN, i, 512);
        }
        bench.driver.notifyQueue(0);
        bench.loop.run();
        assertEquals(OK, bench.take());
        assertEquals(OK, bench.take());
        assertEquals(-1, bench.take(), "two sectors are all there is");
        bench.driver.notifyQueue(0);
        bench.loop.advance(Duration.ofMillis(49));
        assertEquals(-1, bench.take());
        bench.loop.advance(Duration.ofMillis(1));
        assertEquals(OK, bench.take());
        bench.loop.advance(Duration.ofMillis(50));
        assertEquals(OK, bench.take());
        assertEquals(List.of("read 0", "read 512", "read 1024", "read 1536"), bench.disk.calls);
    }

    @Test
    void liftingTheLimitWakesTheQueue() throws IOException {
        BlkBench bench = new BlkBench(PLAIN);
        bench.limiter.update(Optional.empty(), Optional.of(new BucketConfig(1, 3_600_000)));
        bench.start(FEATURES);
        assertEquals(OK, bench.request(IN, 0, 512));
        assertEquals(-1, bench.request(4, 0, 0), "FLUSH is an operation too");
        bench.blk.updateLimits(Optional.empty(), Optional.of(BucketConfig.UNLIMITED));
        bench.loop.run();
        assertEquals(OK, bench.take());
        assertEquals(OK, bench.request(IN, 1, 512), "notifications are on again");
    }

    @Test
    void aResetForgetsTheTimerOfALimit() throws IOException {
        BlkBench bench = new BlkBench(PLAIN);
        bench.limiter.update(Optional.empty(), Optional.of(new BucketConfig(1, 1000)));
        bench.start(FEATURES);
        assertEquals(OK, bench.request(IN, 0, 512));
        assertEquals(-1, bench.request(IN, 1, 512));
        bench.driver.reset();
        assertEquals(0, bench.loop.armedTimers());
    }

    /** A device that may move 32 KiB, and no more for an hour. */
    private static BlkBench bytesFor(long features) throws IOException {
        BlkBench bench = new BlkBench(PLAIN);
        bench.limiter.update(Optional.of(new BucketConfig(32 << 10, 3_600_000)), Optional.empty());
        return bench.start(features);
    }

    @ParameterizedTest
    @ValueSource(ints = {DISCARD_TYPE, WRITE_ZEROES_TYPE})
    void whatIsZeroedOrGivenBackCountsAsIfItWereWritten(int type) throws IOException {
        BlkBench bench = bytesFor(FEATURES);
        assertEquals(OK, bench.segments(type, new long[] {0, 32, 0}));
        assertEquals(OK, bench.segments(type, new long[] {32, 32, 0}));
        assertEquals(-1, bench.segments(type, new long[] {64, 32, 0}), "32 KiB are all there is");
        assertEquals(2, bench.disk.calls.size());
    }

    @Test
    void allSegmentsOfADiscardCount() throws IOException {
        BlkBench bench = bytesFor(FEATURES);
        assertEquals(OK, bench.segments(DISCARD_TYPE, new long[] {0, 16, 0}, new long[] {16, 16, 0}, new long[] {32, 16, 0}, new long[] {48, 16, 0}));
        assertEquals(-1, bench.request(IN, 0, 512));
    }

    @Test
    void writesAndZeroesShareABucket() throws IOException {
        BlkBench bench = bytesFor(FEATURES);
        assertEquals(OK, bench.request(OUT, 0, 16 << 10));
        assertEquals(OK, bench.segments(WRITE_ZEROES_TYPE, new long[] {32, 32, 1}));
        assertEquals(-1, bench.request(OUT, 64, 512));
    }

    @Test
    void whatIsRefusedCountsNoBytes() throws IOException {
        BlkBench bench = bytesFor(FEATURES);
        for (int i = 0; i < 3; i++) {
            assertEquals(IOERR, bench.request(IN, SECTORS, 64 << 10));
            assertEquals(IOERR, bench.segments(WRITE_ZEROES_TYPE, new long[] {1, SECTORS, 0}));
            assertEquals(IOERR, bench.segments(DISCARD_TYPE, new long[] {0, 64, 0}, new long[] {1, SECTORS, 0}));
            assertEquals(UNSUPP, bench.segments(DISCARD_TYPE, new long[] {0, 64, 1}));
        }
        assertEquals(OK, bench.request(IN, 0, 32 << 10));
    }

    @Test
    void aReadOnlyDriveOrOneWithoutTheFeatureCountsNoBytes() throws IOException {
        BlkBench bench = bytesFor(VERSION_1);
        for (int i = 0; i < 3; i++) {
            assertEquals(UNSUPP, bench.segments(WRITE_ZEROES_TYPE, new long[] {0, 64, 0}));
            assertEquals(UNSUPP, bench.segments(DISCARD_TYPE, new long[] {0, 64, 0}));
        }
        assertEquals(OK, bench.request(IN, 0, 32 << 10));
    }

    @ParameterizedTest
    @ValueSource(ints = {IN, OUT, 4, 8, DISCARD_TYPE, WRITE_ZEROES_TYPE, 99})
    void everyRequestIsOneOperationWhateverBecomesOfIt(int type) throws IOException {
        BlkBench bench = new BlkBench(PLAIN);
        bench.limiter.update(Optional.empty(), Optional.of(new BucketConfig(3, 3_600_000)));
        bench.start(FEATURES);
        for (int i = 0; i < 3; i++) {
            bench.request(type, SECTORS, 512);
        }
        assertEquals(-1, bench.request(type, SECTORS, 512));
    }
}
