package io.vmm4j.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VirtioBlkTest {

    private static final long VERSION_1 = 1L << 32;
    private static final long INDIRECT = 1L << 28;
    private static final long EVENT_IDX = 1L << 29;
    private static final long FLUSH = 1L << 9;
    private static final long FEATURES = VERSION_1 | INDIRECT | EVENT_IDX | FLUSH;
    private static final long HEADER = 0x20000;
    private static final long DATA = 0x30ff0; // data crosses a chunk border soon
    private static final long STATUS = 0x40fff;
    private static final long TABLE = 0x50ff8;

    @TempDir
    private Path dir;
    private Path image;
    private byte[] content;

    private final GuestMemory memory = GuestRam.of(1 << 20);
    private final RecordingLine line = new RecordingLine();
    private final ManualLoop loop = new ManualLoop(new ManualClock());
    private MmioDriver driver;
    private DriverQueue queue;
    private FileBlkBackend backend;

    @BeforeEach
    void makeImage() throws IOException {
        content = new byte[64 * 512];
        new Random(1).nextBytes(content);
        image = Files.write(dir.resolve("disk.img"), content);
    }

    private void start(BlkConfig config, long features) throws IOException {
        backend = FileBlkBackend.open(image, config.readOnly());
        VirtioBlk blk = new VirtioBlk(config, backend, List.of(loop));
        driver = new MmioDriver(new VirtioMmioTransport(blk, memory, line, loop));
        queue = DriverQueue.split(memory, 0x10000, 16, features);
        driver.start(features, queue);
        loop.run();
    }

    private void header(long type, long sector) {
        GuestRam.put(memory, HEADER, new byte[] {(byte) type, (byte) (type >> 8), 0, 0, 0, 0, 0, 0,
            (byte) sector, (byte) (sector >> 8), (byte) (sector >> 16), (byte) (sector >> 24),
            (byte) (sector >> 32), (byte) (sector >> 40), (byte) (sector >> 48), (byte) (sector >> 56)});
    }

    private int complete(long usedLength) {
        GuestRam.put(memory, STATUS, new byte[] {(byte) 0xAA});
        driver.notifyQueue(0);
        loop.run();
        DriverQueue.Used used = queue.takeUsed();
        assertEquals(usedLength, used.length());
        return GuestRam.get(memory, STATUS, 1)[0] & 0xFF;
    }

    @Test
    void readsSectorsIntoSeveralSegments() throws IOException {
        start(new BlkConfig(false, CacheType.WRITEBACK), FEATURES);
        header(0, 3);
        queue.add(Buffer.readable(HEADER, 16), Buffer.writable(DATA, 500), Buffer.writable(DATA + 500, 524),
                Buffer.writable(STATUS, 1));
        assertEquals(0, complete(1025));
        assertArrayEquals(Arrays.copyOfRange(content, 3 * 512, 5 * 512), GuestRam.get(memory, DATA, 1024));
        assertEquals(1, driver.takeInterrupts());
        assertEquals(1, line.edges());
    }

    @Test
    void writesThroughAnIndirectTable() throws IOException {
        start(new BlkConfig(false, CacheType.WRITEBACK), FEATURES);
        header(1, 7);
        byte[] bytes = new byte[8192];
        new Random(2).nextBytes(bytes);
        GuestRam.put(memory, DATA, bytes);
        queue.addIndirect(TABLE, Buffer.readable(HEADER, 16), Buffer.readable(DATA, 8192), Buffer.writable(STATUS, 1));
        assertEquals(0, complete(1));
        assertArrayEquals(bytes, Arrays.copyOfRange(Files.readAllBytes(image), 7 * 512, 7 * 512 + 8192));
    }

    @Test
    void tellsItsId() throws IOException {
        start(new BlkConfig(false, CacheType.WRITEBACK), FEATURES);
        header(8, 0);
        queue.add(Buffer.readable(HEADER, 16), Buffer.writable(DATA, 20), Buffer.writable(STATUS, 1));
        assertEquals(0, complete(21));
        String id = new String(GuestRam.get(memory, DATA, 20)).replace("\0", "");
        assertTrue(FileBlkBackend.idOf(image).startsWith(id) && !id.isEmpty(), id);
    }

    @Test
    void flushes() throws IOException {
        start(new BlkConfig(false, CacheType.WRITEBACK), FEATURES);
        header(4, 0);
        queue.add(Buffer.readable(HEADER, 16), Buffer.writable(STATUS, 1));
        assertEquals(0, complete(1));
    }

    @Test
    void aRequestWithoutStatusNeedsAReset() throws IOException {
        start(new BlkConfig(false, CacheType.WRITEBACK), FEATURES);
        header(0, 0);
        queue.add(Buffer.readable(HEADER, 16));
        driver.notifyQueue(0);
        loop.run();
        assertEquals(64 | 15, driver.status());
        assertEquals(2, driver.takeInterrupts());
        assertNull(queue.takeUsed());
        driver.reset();
        assertEquals(0, driver.status());
    }
}
