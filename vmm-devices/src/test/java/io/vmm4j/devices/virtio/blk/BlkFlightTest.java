package io.vmm4j.devices.virtio.blk;

import static io.vmm4j.devices.virtio.blk.BlkBench.DATA;
import static io.vmm4j.devices.virtio.blk.BlkBench.DISCARD;
import static io.vmm4j.devices.virtio.blk.BlkBench.FLUSH;
import static io.vmm4j.devices.virtio.blk.BlkBench.IN;
import static io.vmm4j.devices.virtio.blk.BlkBench.OUT;
import static io.vmm4j.devices.virtio.blk.BlkBench.SECTORS;
import static io.vmm4j.devices.virtio.blk.BlkBench.VERSION_1;
import static io.vmm4j.devices.virtio.blk.BlkBench.WRITE_ZEROES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests whose end does not come within the call that began them, and a disk that is exchanged. */
final class BlkFlightTest {

    private static final int OK = 0;
    private static final int IOERR = 1;
    private static final BlkConfig PLAIN = new BlkConfig(false, CacheType.WRITEBACK);
    private static final long FEATURES = VERSION_1 | FLUSH | DISCARD | WRITE_ZEROES;

    private final BlkBench.Disk bytes = new BlkBench.Disk(SECTORS * 512);
    private final SlowDisk slow = new SlowDisk(bytes, 3);
    private BlkBench bench;

    private void start(long features) throws IOException {
        bench = new BlkBench(PLAIN, slow).start(features);
    }

    /** A read of one sector with a place of its own; returns where its data goes, the status right behind. */
    private long addRead(int sector) {
        long at = 0x80000 + 0x1000 * sector;
        byte[] header = new byte[16];
        header[8] = (byte) sector;
        GuestRam.put(bench.memory, at, header);
        GuestRam.put(bench.memory, at + 528, new byte[] {(byte) 0xAA});
        bench.queue.add(Buffer.readable(at, 16), Buffer.writable(at + 16, 512), Buffer.writable(at + 528, 1));
        return at + 16;
    }

    private int statusAt(long data) {
        return GuestRam.get(bench.memory, data + 512, 1)[0] & 0xFF;
    }

    private void kick() {
        bench.driver.notifyQueue(0);
        bench.loop.run();
    }

    @Test
    void requestsEndInTheOrderTheDiskLikes() throws IOException {
        start(FEATURES);
        long[] data = {addRead(4), addRead(5), addRead(6)};
        kick();
        assertEquals(List.of("read 2048", "read 2560", "read 3072", "submit"), slow.events);
        assertNull(bench.queue.takeUsed());
        List<Integer> tags = slow.tags();
        for (int i : new int[] {2, 0, 1}) {
            assertEquals(0xAA, statusAt(data[i]));
            slow.end(bench.loop, tags.get(i));
            assertEquals(OK, statusAt(data[i]));
            assertEquals(513, bench.queue.takeUsed().length());
            assertArrayEquals(Arrays.copyOfRange(bytes.bytes, 2048 + 512 * i, 2560 + 512 * i), GuestRam.get(bench.memory, data[i], 512));
            assertEquals(1, bench.line.takeEdges());
        }
    }

    @Test
    void noMoreAreBegunThanTheDiskTakesAndTheRestFollow() throws IOException {
        start(FEATURES);
        for (int sector = 0; sector < 5; sector++) {
            addRead(sector);
        }
        kick();
        assertEquals(3, slow.inFlight.size());
        slow.end(bench.loop, slow.tags().get(1));
        assertEquals(3, slow.inFlight.size(), "the fourth took its place");
        while (!slow.inFlight.isEmpty()) {
            slow.end(bench.loop, slow.tags().get(0));
        }
        for (int i = 0; i < 5; i++) {
            assertEquals(513, bench.queue.takeUsed().length());
        }
        addRead(9);
        kick();
        assertEquals(1, slow.inFlight.size(), "notifications are on again");
    }

    @Test
    void oneFailureDoesNotTouchTheOthers() throws IOException {
        start(FEATURES);
        long first = addRead(1);
        long second = addRead(2);
        kick();
        List<Integer> tags = slow.tags();
        bytes.failing = true;
        slow.end(bench.loop, tags.get(0));
        bytes.failing = false;
        slow.end(bench.loop, tags.get(1));
        assertEquals(IOERR, statusAt(first));
        assertEquals(0, bench.queue.takeUsed().length(), "the data before the status was not written");
        assertEquals(OK, statusAt(second));
        assertEquals(513, bench.queue.takeUsed().length());
    }

    @Test
    void aWriteWithoutFlushNegotiatedEndsOnlyOnceItIsStable() throws IOException {
        start(VERSION_1);
        assertEquals(-1, bench.request(OUT, 3, 512));
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(-1, bench.take(), "written, not stable");
        assertEquals(List.of("write 1536", "submit", "flush", "submit"), slow.events);
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(OK, bench.take());
    }

    @Test
    void zeroesWithoutFlushNegotiatedEndOnlyOnceTheyAreStable() throws IOException {
        start(VERSION_1 | WRITE_ZEROES);
        assertEquals(-1, bench.segments(13, new long[] {8, 2, 0}));
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(-1, bench.take());
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(OK, bench.take());
    }

    @Test
    void theSegmentsOfADiscardGoOneAfterTheOtherUntilOneFails() throws IOException {
        start(FEATURES);
        assertEquals(-1, bench.segments(11, new long[] {0, 1, 0}, new long[] {2, 1, 0}, new long[] {4, 1, 0}));
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(-1, bench.take());
        bytes.failing = true;
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(IOERR, bench.take());
        assertEquals(List.of("discard 0", "submit", "discard 1024", "submit"), slow.events);
    }

    @Test
    void aResetWaitsForWhatIsInFlightAndGivesNothingBack() throws IOException {
        start(FEATURES);
        addRead(1);
        addRead(2);
        kick();
        bench.driver.write(0x070, 0);
        bench.loop.run();
        assertEquals(List.of(), slow.tags());
        assertEquals(List.of("read 512", "read 1024", "submit", "drain"), slow.events);
        assertNull(bench.queue.takeUsed());
        bench.start(FEATURES);
        addRead(7);
        kick();
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(513, bench.queue.takeUsed().length(), "the device lives on");
    }

    @Test
    void aQueueThatBreaksWithRequestsInFlightComesBackAfterAReset() throws IOException {
        start(FEATURES);
        addRead(1);
        kick();
        bench.queue.add(Buffer.readable(0x20000, 3));
        kick();
        assertEquals(0x40, bench.driver.status() & 0x40, "DEVICE_NEEDS_RESET");
        slow.end(bench.loop, slow.tags().get(0));
        assertNull(bench.queue.takeUsed());
        bench.driver.write(0x070, 0);
        bench.loop.run();
        bench.start(FEATURES);
        addRead(7);
        kick();
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(513, bench.queue.takeUsed().length());
    }

    @Test
    void anotherDiskTakesOverOnceTheOldOneHasEndedItsRequests() throws IOException {
        start(FEATURES);
        addRead(1);
        kick();
        long generation = bench.driver.read(0x0fc);
        bench.line.takeEdges();
        BlkBench.Disk next = new BlkBench.Disk(SECTORS * 512 * 2);
        Arrays.fill(next.bytes, (byte) 9);
        BlkExchange exchange = bench.blk.exchange(next);
        assertFalse(exchange.done().isDone());
        slow.end(bench.loop, slow.tags().get(0));
        assertTrue(exchange.done().isDone());
        assertEquals(513, bench.queue.takeUsed().length());
        assertEquals(List.of("read 512", "submit", "close"), slow.events);
        assertEquals(SECTORS * 2, bench.driver.readConfig(0, 8));
        assertEquals(true, generation != bench.driver.read(0x0fc), "ConfigGeneration");
        assertEquals(2, bench.driver.read(0x060) & 2, "configuration change notification");
        assertEquals(OK, bench.request(IN, SECTORS + 1, 512));
        byte[] expected = new byte[512];
        Arrays.fill(expected, (byte) 9);
        assertArrayEquals(expected, GuestRam.get(bench.memory, DATA, 512));
        assertEquals(OK, bench.request(8, 0, 20));
        assertEquals("disk-0123456789-abcd", new String(GuestRam.get(bench.memory, DATA, 20)), "the new one's identity");
    }

    @Test
    void aChangeThatIsWithdrawnHasTheQueueGoOnThoughARequestIsInWork() throws IOException {
        start(FEATURES);
        addRead(1);
        kick();
        BlkExchange exchange = bench.blk.exchange(new BlkBench.Disk(512));
        addRead(2);
        kick();
        assertEquals(1, slow.inFlight.size(), "nothing more is taken up");
        assertTrue(exchange.withdraw());
        bench.loop.run();
        assertTrue(exchange.done().isCompletedExceptionally());
        assertEquals(2, slow.inFlight.size());
        slow.end(bench.loop, slow.tags().get(1));
        assertEquals(513, bench.queue.takeUsed().length(), "the quick one is back while the slow one is in work");
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(513, bench.queue.takeUsed().length());
        assertFalse(slow.events.contains("drain") || slow.events.contains("close"));
    }

    @Test
    void whatEndsWhileADiskIsAboutToBeChangedIsToldAtOnce() throws IOException {
        start(FEATURES);
        addRead(1);
        addRead(2);
        kick();
        bench.line.takeEdges();
        bench.blk.exchange(new BlkBench.Disk(512));
        slow.end(bench.loop, slow.tags().get(1));
        assertEquals(1, bench.line.takeEdges());
        assertEquals(513, bench.queue.takeUsed().length());
    }

    @Test
    void aSmallerDiskEndsWhereItEnds() throws IOException {
        start(FEATURES);
        BlkBench.Disk next = new BlkBench.Disk(1024);
        bench.blk.replaceBackend(next);
        assertEquals(2, bench.driver.readConfig(0, 8));
        assertEquals(IOERR, bench.request(IN, 2, 512));
        assertEquals(OK, bench.request(IN, 1, 512));
    }

    @Test
    void aDiskThatCannotBeOpenedLeavesTheOldOne() throws IOException {
        start(FEATURES);
        SlowDisk next = new SlowDisk(new BlkBench.Disk(512), 1);
        next.refusal = new IOException("no ring");
        IOException refused = assertThrows(IOException.class, () -> bench.blk.replaceBackend(next));
        assertEquals("a queue cannot be opened: no ring", refused.getMessage());
        assertEquals(SECTORS, bench.driver.readConfig(0, 8));
        addRead(1);
        kick();
        slow.end(bench.loop, slow.tags().get(0));
        assertEquals(513, bench.queue.takeUsed().length());
    }

    @Test
    void aDiskThatCannotDiscardKeepsItsSpaceThoughDiscardWasNegotiatedForTheOldOne() throws IOException {
        start(FEATURES);
        BlkBench.Disk next = new BlkBench.Disk(SECTORS * 512);
        next.canDiscard = false;
        bench.blk.replaceBackend(next);
        assertEquals(OK, bench.segments(11, new long[] {0, 1, 0}, new long[] {2, 1, 0}));
        assertEquals(List.of(), next.calls, "only a disk that can is asked");
    }

    @Test
    void aDiskOfTheSameSizeTellsTheDriverNothing() throws IOException {
        start(FEATURES);
        bench.line.takeEdges();
        bench.blk.replaceBackend(new BlkBench.Disk(SECTORS * 512));
        assertEquals(0, bench.line.takeEdges());
    }

    @Test
    void aCapacityThatNobodyWantsToHearOfAnyMoreIsNotTold() throws IOException {
        start(FEATURES);
        bytes.capacity = 1024;
        bench.line.takeEdges();
        assertFalse(bench.blk.refreshCapacity(() -> false));
        assertEquals(SECTORS, bench.driver.readConfig(0, 8));
        assertEquals(0, bench.line.takeEdges());
        assertTrue(bench.blk.refreshCapacity(() -> true));
        assertEquals(2, bench.driver.readConfig(0, 8));
        assertEquals(1, bench.line.takeEdges());
    }

    @Test
    void anExchangeIsWithdrawnUntilItHasTakenPlaceAndNotLater() throws IOException {
        start(FEATURES);
        BlkExchange exchange = bench.blk.exchange(new BlkBench.Disk(SECTORS * 512));
        assertTrue(exchange.done().isDone());
        assertFalse(exchange.withdraw());
        addRead(1);
        kick();
        assertEquals(List.of("close"), slow.events, "the old disk is not asked any more");
        assertEquals(513, bench.queue.takeUsed().length());
    }
}
