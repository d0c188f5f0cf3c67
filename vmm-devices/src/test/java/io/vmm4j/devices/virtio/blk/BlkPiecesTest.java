package io.vmm4j.devices.virtio.blk;

import static io.vmm4j.devices.virtio.blk.BlkBench.INDIRECT;
import static io.vmm4j.devices.virtio.blk.BlkBench.VERSION_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests that a guest has cut into a thousand pieces, as many as the queue has elements and the disk takes at a time. */
final class BlkPiecesTest {

    private static final int SIZE = 1024;
    private static final int PIECES = 1000;
    private static final int REQUESTS = 100;
    private static final long TABLES = 0x10_0000;

    private final GuestMemory memory = GuestRam.of(4 << 20);
    private final ManualLoop loop = new ManualLoop(new ManualClock());
    private final SlowDisk disk = new SlowDisk(new BlkBench.Disk(1 << 20), 128);
    private MmioDriver driver;
    private DriverQueue queue;

    private void start() throws IOException {
        VirtioBlk blk = new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK, SIZE, 512, 512), disk, List.of(loop));
        driver = new MmioDriver(new VirtioMmioTransport(blk, memory, () -> { }, loop));
        queue = DriverQueue.split(memory, 0x10000, SIZE, INDIRECT);
        driver.start(VERSION_1 | INDIRECT, queue);
        loop.run();
    }

    /** A read of 1024 bytes, in pieces of one byte for the most part. */
    private void addRead(int number) {
        Buffer[] buffers = new Buffer[PIECES + 2];
        Arrays.fill(buffers, Buffer.writable(0x8_0000, 1));
        buffers[0] = Buffer.readable(0x7_0000, 16);
        buffers[1] = Buffer.writable(0x8_0000, 1024 - PIECES + 1);
        queue.addIndirect(TABLES + 16L * buffers.length * number, buffers);
    }

    @Test
    void onlySoManyPiecesAreInFlightAndAllRequestsAreServed() throws IOException {
        start();
        for (int i = 0; i < REQUESTS; i++) {
            addRead(i);
        }
        driver.notifyQueue(0);
        loop.run();
        int most = disk.inFlight.size();
        assertTrue(most <= 9, most + " requests of " + PIECES + " pieces are in flight");
        for (int i = 0; i < REQUESTS; i++) {
            assertTrue(disk.inFlight.size() > 0 && disk.inFlight.size() <= most);
            disk.end(loop, disk.tags().get(0));
            assertEquals(1025, queue.takeUsed().length());
        }
        addRead(0);
        driver.notifyQueue(0);
        loop.run();
        disk.end(loop, disk.tags().get(0));
        assertNotNull(queue.takeUsed(), "notifications are on again");
    }

    @Test
    void aResetAmidThemLeavesRoomForTheNextLife() throws IOException {
        start();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < REQUESTS; i++) {
                addRead(i);
            }
            driver.notifyQueue(0);
            loop.run();
            assertTrue(disk.inFlight.size() > 5);
            driver.reset();
            assertEquals(0, disk.inFlight.size());
            queue = DriverQueue.split(memory, 0x10000, SIZE, INDIRECT);
            driver.start(VERSION_1 | INDIRECT, queue);
            loop.run();
        }
    }
}
