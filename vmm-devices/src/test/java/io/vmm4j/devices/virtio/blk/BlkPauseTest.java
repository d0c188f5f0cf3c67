package io.vmm4j.devices.virtio.blk;

import static io.vmm4j.devices.virtio.blk.BlkBench.EVENT_IDX;
import static io.vmm4j.devices.virtio.blk.BlkBench.FLUSH;
import static io.vmm4j.devices.virtio.blk.BlkBench.IN;
import static io.vmm4j.devices.virtio.blk.BlkBench.PACKED;
import static io.vmm4j.devices.virtio.blk.BlkBench.SECTORS;
import static io.vmm4j.devices.virtio.blk.BlkBench.VERSION_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.testing.GuestRam;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A drive while its guest is paused: nothing moves, and nothing that came meanwhile is lost. */
final class BlkPauseTest {

    private static final BlkConfig PLAIN = new BlkConfig(false, CacheType.WRITEBACK);
    private static final int OK = 0;
    private static final int NOT_DONE = -1;

    private final SlowDisk slow = new SlowDisk(new BlkBench.Disk(SECTORS * 512), 3);

    private static BlkBench paused(long features) throws IOException {
        BlkBench bench = new BlkBench(PLAIN).start(features);
        CompletableFuture<Void> pause = bench.blk.pause();
        bench.loop.run();
        assertTrue(pause.isDone());
        return bench;
    }

    @ParameterizedTest
    @ValueSource(longs = {VERSION_1, VERSION_1 | EVENT_IDX, VERSION_1 | PACKED, VERSION_1 | PACKED | EVENT_IDX})
    void whatIsAskedForDuringAPauseIsDoneAfterIt(long features) throws IOException {
        BlkBench bench = paused(features);
        byte[] before = GuestRam.get(bench.memory, BlkBench.DATA, 512);
        assertEquals(NOT_DONE, bench.request(IN, 1, 512));
        assertArrayEquals(before, GuestRam.get(bench.memory, BlkBench.DATA, 512));
        assertEquals(List.of(), bench.disk.calls);
        assertEquals(0, bench.line.takeEdges());
        bench.blk.resume();
        bench.loop.run();
        assertEquals(OK, bench.take(), "without another kick");
        assertEquals(1, bench.line.takeEdges());
        assertEquals(OK, bench.request(IN, 2, 512), "notifications are on again");
    }

    @Test
    void aPauseIsOverOnceWhatIsInWorkHasEndedAndTheDriverIsTold() throws IOException {
        BlkBench bench = new BlkBench(PLAIN, slow).start(VERSION_1 | FLUSH);
        bench.add(IN, 4, 512);
        bench.driver.notifyQueue(0);
        bench.loop.run();
        assertEquals(1, slow.inFlight.size());
        bench.line.takeEdges();
        CompletableFuture<Void> pause = bench.blk.pause();
        bench.loop.run();
        assertFalse(pause.isDone());
        slow.end(bench.loop, slow.tags().get(0));
        assertTrue(pause.isDone());
        assertEquals(OK, bench.take());
        assertEquals(1, bench.line.takeEdges());
    }

    @Test
    void aPauseThatIsGivenUpHasTheQueueGoOnThoughARequestIsInWork() throws IOException {
        BlkBench bench = new BlkBench(PLAIN, slow).start(VERSION_1 | FLUSH);
        bench.add(IN, 4, 512);
        bench.driver.notifyQueue(0);
        bench.loop.run();
        CompletableFuture<Void> pause = bench.blk.pause();
        bench.add(IN, 5, 512);
        bench.driver.notifyQueue(0);
        bench.loop.run();
        assertEquals(1, slow.inFlight.size(), "nothing more is taken up");
        bench.blk.resume();
        bench.loop.run();
        assertEquals(2, slow.inFlight.size());
        slow.end(bench.loop, slow.tags().get(1));
        assertEquals(OK, bench.take(), "the quick one is back while the slow one is in work");
        assertFalse(pause.isDone());
        assertFalse(slow.events.contains("drain"));
        CompletableFuture<Void> next = bench.blk.pause();
        slow.end(bench.loop, slow.tags().get(0));
        assertTrue(next.isDone());
    }

    @Test
    void aPauseThatIsGivenUpBeforeTheQueueCameToItLeavesNothingBehind() throws IOException {
        BlkBench bench = new BlkBench(PLAIN).start(VERSION_1);
        bench.loop.execute(() -> { });
        bench.blk.pause();
        bench.add(IN, 1, 512);
        bench.driver.notifyQueue(0);
        bench.blk.resume();
        bench.loop.run();
        assertEquals(OK, bench.take());
        assertEquals(OK, bench.request(IN, 1, 512));
    }

    @Test
    void aPausedDriveGoesOverToAnotherDiskAndServesWhatWaitsFromThat() throws IOException {
        BlkBench bench = paused(VERSION_1);
        assertEquals(NOT_DONE, bench.request(IN, 1, 512));
        BlkBench.Disk next = new BlkBench.Disk(2 * SECTORS * 512);
        BlkExchange exchange = bench.blk.exchange(next);
        bench.loop.run();
        assertTrue(exchange.done().isDone());
        assertFalse(exchange.done().isCompletedExceptionally());
        assertEquals(NOT_DONE, bench.take(), "it is paused still");
        bench.blk.resume();
        bench.loop.run();
        assertEquals(OK, bench.take());
        assertEquals(List.of("read 512"), next.calls);
        assertEquals(List.of(), bench.disk.calls);
    }

    @Test
    void neitherALimitThatEndsNorAnotherLimitMovesAPausedDrive() throws IOException {
        BlkBench bench = new BlkBench(PLAIN).start(VERSION_1);
        bench.blk.updateLimits(Optional.empty(), Optional.of(new BucketConfig(1, 1000)));
        assertEquals(OK, bench.request(IN, 1, 512));
        assertEquals(NOT_DONE, bench.request(IN, 2, 512), "it waits for the limit");
        bench.blk.pause();
        bench.loop.run();
        bench.loop.advance(Duration.ofSeconds(5));
        assertEquals(NOT_DONE, bench.take());
        bench.blk.updateLimits(Optional.empty(), Optional.of(BucketConfig.UNLIMITED));
        bench.loop.run();
        assertEquals(NOT_DONE, bench.take());
        bench.blk.resume();
        bench.loop.run();
        assertEquals(OK, bench.take());
    }
}
