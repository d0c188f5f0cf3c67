package io.vmm4j.devices.virtio.blk;

import static io.vmm4j.devices.virtio.blk.BlkBench.CONFIG_WCE;
import static io.vmm4j.devices.virtio.blk.BlkBench.DATA;
import static io.vmm4j.devices.virtio.blk.BlkBench.DISCARD;
import static io.vmm4j.devices.virtio.blk.BlkBench.EVENT_IDX;
import static io.vmm4j.devices.virtio.blk.BlkBench.FLUSH;
import static io.vmm4j.devices.virtio.blk.BlkBench.IN;
import static io.vmm4j.devices.virtio.blk.BlkBench.INDIRECT;
import static io.vmm4j.devices.virtio.blk.BlkBench.OUT;
import static io.vmm4j.devices.virtio.blk.BlkBench.PACKED;
import static io.vmm4j.devices.virtio.blk.BlkBench.SECTORS;
import static io.vmm4j.devices.virtio.blk.BlkBench.VERSION_1;
import static io.vmm4j.devices.virtio.blk.BlkBench.WRITE_ZEROES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Virtio 1.2, section 5.2. Numbers are the specification's, written out a second time. */
final class BlkRequestsTest {

    private static final int OK = 0;
    private static final int IOERR = 1;
    private static final int UNSUPP = 2;
    private static final long FEATURES = VERSION_1 | FLUSH | DISCARD | WRITE_ZEROES;
    private static final BlkConfig PLAIN = new BlkConfig(false, CacheType.WRITEBACK);

    private static BlkBench bench() throws IOException {
        return new BlkBench(PLAIN).start(FEATURES);
    }

    @Test
    void offersWhatItCanDo() throws IOException {
        long ring = VERSION_1 | INDIRECT | EVENT_IDX | PACKED;
        long always = 1L << 2 | 1L << 6 | 1L << 10;
        assertEquals(ring | always | FLUSH | CONFIG_WCE | DISCARD | WRITE_ZEROES, new BlkBench(PLAIN).driver.deviceFeatures());
        assertEquals(ring | always | DISCARD | WRITE_ZEROES, new BlkBench(new BlkConfig(false, CacheType.UNSAFE)).driver.deviceFeatures());
        assertEquals(ring | always | 1L << 5 | FLUSH | CONFIG_WCE,
            new BlkBench(new BlkConfig(true, CacheType.WRITEBACK)).driver.deviceFeatures());
    }

    @Test
    void describesItselfInTheConfigurationSpace() throws IOException {
        BlkBench bench = new BlkBench(new BlkConfig(false, CacheType.WRITEBACK, 64, 1024, 4096));
        assertEquals(2, bench.driver.read(0x008), "DeviceID");
        assertEquals(64, bench.driver.read(0x034), "QueueSizeMax");
        long[][] table = {
            {0, 8, SECTORS}, {8, 4, 0}, {12, 4, 62}, {16, 4, 0}, {20, 4, 1024}, {24, 1, 2}, {25, 1, 0}, {26, 2, 4}, {28, 4, 0},
            {32, 1, 1}, {33, 1, 0}, {34, 2, 1}, {36, 4, 1 << 22}, {40, 4, 32}, {44, 4, 8}, {48, 4, 1 << 15}, {52, 4, 1},
            {56, 1, 1}, {57, 1, 0}, {60, 4, 0}, {64, 8, 0}, {72, 8, 0},
        };
        for (long[] row : table) {
            assertEquals(row[2], bench.driver.readConfig((int) row[0], (int) row[1]), "field at " + row[0]);
        }
    }

    @Test
    void readsAndWritesUpToTheLastSector() throws IOException {
        BlkBench bench = bench();
        assertEquals(OK, bench.request(IN, SECTORS - 2, 1024));
        assertEquals(1025, bench.usedLength);
        assertArrayEquals(Arrays.copyOfRange(bench.disk.bytes, (SECTORS - 2) * 512, SECTORS * 512), GuestRam.get(bench.memory, DATA, 1024));
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 0x5A);
        GuestRam.put(bench.memory, DATA, data);
        assertEquals(OK, bench.request(OUT, SECTORS - 1, 512));
        assertEquals(1, bench.usedLength);
        assertArrayEquals(data, Arrays.copyOfRange(bench.disk.bytes, (SECTORS - 1) * 512, SECTORS * 512));
    }

    @Test
    void requestsBeyondTheEndFail() throws IOException {
        BlkBench bench = bench();
        long[] sectors = {SECTORS - 1, SECTORS, SECTORS + 1, 1L << 32, 1L << 55, (1L << 55) - 1, Long.MAX_VALUE, -1, -2, Long.MIN_VALUE};
        for (long sector : sectors) {
            assertEquals(IOERR, bench.request(IN, sector, 1024), "IN at " + sector);
            assertEquals(0, bench.usedLength, "the data before the status was not written");
            assertEquals(IOERR, bench.request(OUT, sector, 1024), "OUT at " + sector);
        }
        assertEquals(List.of(), bench.disk.calls);
        assertEquals(15, bench.driver.status(), "the device lives");
    }

    @Test
    void piecesOfSectorsFail() throws IOException {
        BlkBench bench = bench();
        for (int length : new int[] {1, 511, 513, 1023}) {
            assertEquals(IOERR, bench.request(IN, 0, length));
            assertEquals(IOERR, bench.request(OUT, 0, length));
        }
        assertEquals(List.of(), bench.disk.calls);
    }

    @Test
    void aReadOnlyDeviceRefusesWrites() throws IOException {
        BlkBench bench = new BlkBench(new BlkConfig(true, CacheType.WRITEBACK)).start(VERSION_1 | FLUSH);
        assertEquals(IOERR, bench.request(OUT, 0, 512));
        assertEquals(UNSUPP, bench.segments(11, new long[] {0, 1, 0}), "DISCARD is not offered");
        assertEquals(UNSUPP, bench.segments(13, new long[] {0, 1, 0}), "WRITE_ZEROES is not offered");
        assertEquals(OK, bench.request(IN, 0, 512));
        assertEquals(List.of("read 0"), bench.disk.calls);
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 3, 5, 6, 7, 9, 10, 12, 14, 15, 0x80000000L, 0xFFFFFFFFL})
    void unknownTypesAreUnsupported(long type) throws IOException {
        assertEquals(UNSUPP, bench().request(type, 0, 512));
    }

    @Test
    void theIdIsCutTo20Bytes() throws IOException {
        BlkBench bench = bench();
        assertEquals(OK, bench.request(8, 0, 20));
        assertEquals("disk-0123456789-abcd", new String(GuestRam.get(bench.memory, DATA, 20)));
        assertEquals(21, bench.usedLength);
        assertEquals(IOERR, bench.request(8, 0, 19));
        assertEquals(0, bench.usedLength);
    }

    @Test
    void aBufferThatIsLongerThanTheIdIsNotSaidToBeFull() throws IOException {
        BlkBench bench = bench();
        assertEquals(OK, bench.request(8, 0, 64));
        assertEquals(20, bench.usedLength, "what lies between the id and the status was not written");
    }

    @Test
    void aStatusBehindWritableBytesThatNobodyWroteDoesNotCount() throws IOException {
        BlkBench bench = bench();
        GuestRam.put(bench.memory, 0x40000, new byte[16]);
        GuestRam.put(bench.memory, 0x40000, new byte[] {4});
        bench.queue.add(Buffer.readable(0x40000, 16), Buffer.writable(0x41000, 8), Buffer.writable(0x42000, 1));
        bench.driver.notifyQueue(0);
        bench.loop.run();
        assertEquals(0, bench.queue.takeUsed().length());
        assertEquals(OK, GuestRam.get(bench.memory, 0x42000, 1)[0]);
    }

    @Test
    void hostErrorsBecomeIoErrors() throws IOException {
        BlkBench bench = bench();
        bench.disk.failing = true;
        assertEquals(IOERR, bench.request(IN, 0, 512));
        assertEquals(0, bench.usedLength, "section 2.7.8.2: no more than was written from the start on");
        assertEquals(IOERR, bench.request(IN, 0, 0));
        assertEquals(1, bench.usedLength, "here the status is at the start");
        assertEquals(IOERR, bench.request(OUT, 0, 512));
        assertEquals(1, bench.usedLength);
        assertEquals(IOERR, bench.request(4, 0, 0));
        assertEquals(IOERR, bench.segments(11, new long[] {0, 1, 0}));
        bench.disk.failing = false;
        assertEquals(OK, bench.request(IN, 0, 512), "the device lives");
    }

    @Test
    void discardTakesItsSegmentsOrNone() throws IOException {
        BlkBench bench = bench();
        assertEquals(OK, bench.segments(11, new long[] {0, 8, 0}, new long[] {SECTORS - 1, 1, 0}));
        assertEquals(List.of("discard 0+4096", "discard " + (SECTORS - 1) * 512 + "+512"), bench.disk.calls);
        bench.disk.calls.clear();
        assertEquals(IOERR, bench.segments(11, new long[] {0, 8, 0}, new long[] {SECTORS, 1, 0}), "one bad, none done");
        assertEquals(IOERR, bench.segments(11, new long[] {0, 0xFFFF_FFFFL, 0}));
        assertEquals(IOERR, bench.segments(11, new long[] {-1, 8, 0}));
        assertEquals(UNSUPP, bench.segments(11, new long[] {0, 8, 1}), "unmap is for WRITE_ZEROES");
        assertEquals(UNSUPP, bench.segments(11, new long[] {0, 8, 2}));
        assertEquals(UNSUPP, bench.segments(11, new long[] {SECTORS, 8, 0}, new long[] {0, 8, 2}), "an unknown flag of any segment");
        assertEquals(IOERR, bench.segments(11, new long[33][3]), "33 segments");
        assertEquals(IOERR, bench.request(11, 0, 8), "half a segment");
        assertEquals(IOERR, bench.request(11, 0, 0), "no segment");
        assertEquals(List.of(), bench.disk.calls);
    }

    @Test
    void writeZeroesMayUnmap() throws IOException {
        BlkBench bench = bench();
        assertEquals(OK, bench.segments(13, new long[] {2, 2, 0}));
        assertEquals(OK, bench.segments(13, new long[] {4, 2, 1}));
        assertEquals(UNSUPP, bench.segments(13, new long[] {4, 2, 2}));
        assertEquals(IOERR, bench.segments(13, new long[] {SECTORS - 1, 2, 0}));
        assertEquals(List.of("zero 1024+1024", "zero 2048+1024 unmap"), bench.disk.calls);
    }

    @Test
    void whatWasNotNegotiatedIsUnsupported() throws IOException {
        BlkBench bench = new BlkBench(new BlkConfig(false, CacheType.UNSAFE)).start(VERSION_1);
        assertEquals(UNSUPP, bench.request(4, 0, 0), "FLUSH");
        assertEquals(UNSUPP, bench.segments(11, new long[] {0, 8, 0}), "DISCARD");
        assertEquals(UNSUPP, bench.segments(13, new long[] {0, 8, 0}), "WRITE_ZEROES");
    }

    @Test
    void flushReachesTheDisk() throws IOException {
        BlkBench bench = bench();
        assertEquals(OK, bench.request(OUT, 0, 512));
        assertEquals(OK, bench.request(4, 0, 0));
        assertEquals(List.of("write 0", "flush"), bench.disk.calls);
    }

    @Test
    void withoutFlushEachWriteIsStable() throws IOException {
        BlkBench bench = new BlkBench(PLAIN).start(VERSION_1);
        assertEquals(OK, bench.request(OUT, 0, 512));
        assertEquals(List.of("write 0", "flush"), bench.disk.calls);
    }

    @Test
    void unsafeNeverFlushes() throws IOException {
        BlkBench bench = new BlkBench(new BlkConfig(false, CacheType.UNSAFE)).start(VERSION_1);
        assertEquals(OK, bench.request(OUT, 0, 512));
        assertEquals(List.of("write 0"), bench.disk.calls);
    }

    @Test
    void theDriverSwitchesTheCacheMode() throws IOException {
        BlkBench bench = new BlkBench(PLAIN).start(VERSION_1 | FLUSH | CONFIG_WCE);
        assertEquals(1, bench.driver.readConfig(32, 1));
        bench.driver.writeConfig(32, 1, 0);
        assertEquals(OK, bench.request(OUT, 0, 512));
        bench.driver.writeConfig(32, 1, 1);
        assertEquals(OK, bench.request(OUT, 512 / 512, 512));
        assertEquals(List.of("write 0", "flush", "write 512"), bench.disk.calls);
        bench.driver.writeConfig(0, 8, 1);
        assertEquals(SECTORS, bench.driver.readConfig(0, 8), "the rest of the space is the device's");
    }

    @Test
    void withoutFlushTheCacheStartsAsWritethrough() throws IOException {
        BlkBench bench = new BlkBench(PLAIN).start(VERSION_1 | CONFIG_WCE);
        assertEquals(0, bench.driver.readConfig(32, 1));
    }

    @Test
    void aNewCapacityIsToldWithAConfigInterrupt() throws IOException {
        BlkBench bench = bench();
        long generation = bench.driver.read(0x0fc);
        bench.disk.capacity = 64 * 512 + 511;
        bench.blk.refreshCapacity();
        assertEquals(64, bench.driver.readConfig(0, 8), "whole sectors");
        assertEquals(2, bench.driver.takeInterrupts());
        assertEquals(true, generation != bench.driver.read(0x0fc));
        assertEquals(IOERR, bench.request(IN, 64, 512));
        bench.driver.takeInterrupts();
        bench.blk.refreshCapacity();
        assertEquals(0, bench.driver.takeInterrupts(), "nothing changed");
    }

    @Test
    void theDriverCutsRequestsAsItLikes() throws IOException {
        BlkBench bench = bench();
        byte[] header = new byte[16];
        header[8] = 5;
        GuestRam.put(bench.memory, 0x20000, header);
        bench.queue.add(Buffer.readable(0x20000, 3), Buffer.readable(0x20003, 9), Buffer.readable(0x2000c, 4),
            Buffer.writable(DATA, 100), Buffer.writable(DATA + 100, 413)); // the last byte is the status
        bench.driver.notifyQueue(0);
        bench.loop.run();
        assertEquals(513, bench.queue.takeUsed().length());
        assertArrayEquals(Arrays.copyOfRange(bench.disk.bytes, 5 * 512, 6 * 512), GuestRam.get(bench.memory, DATA, 512));
        assertEquals(OK, GuestRam.get(bench.memory, DATA + 512, 1)[0]);
    }

    @Test
    void aBatchIsToldOfOnce() throws IOException {
        BlkBench bench = bench();
        for (int i = 0; i < 5; i++) {
            bench.add(IN, i, 512);
        }
        bench.driver.notifyQueue(0);
        bench.loop.run();
        assertEquals(1, bench.line.edges());
        for (int i = 0; i < 5; i++) {
            assertEquals(OK, bench.take());
        }
    }

    @Test
    void aResetWithARequestWaitingLeavesItAlone() throws IOException {
        BlkBench bench = bench();
        bench.add(IN, 0, 512);
        bench.driver.notifyQueue(0);
        bench.driver.reset();
        bench.loop.run();
        assertEquals(-1, bench.take());
        assertEquals(List.of(), bench.disk.calls);
        bench.start(FEATURES);
        assertEquals(OK, bench.request(IN, 0, 512));
    }

    @ParameterizedTest
    @ValueSource(longs = {VERSION_1, VERSION_1 | EVENT_IDX | INDIRECT, VERSION_1 | PACKED, VERSION_1 | PACKED | EVENT_IDX | INDIRECT})
    void randomRequestsBehaveLikeAnArray(long ring) throws IOException {
        long seed = 7 + ring;
        System.out.println("randomRequestsBehaveLikeAnArray: seed " + seed);
        Random random = new Random(seed);
        BlkBench bench = new BlkBench(PLAIN).start(ring | FLUSH | WRITE_ZEROES);
        byte[] model = bench.disk.bytes.clone();
        for (int i = 0; i < 5000; i++) {
            int sector = random.nextInt(SECTORS);
            int length = 512 * random.nextInt(SECTORS - sector + 2);
            boolean isInside = length / 512 <= SECTORS - sector;
            int expected = isInside ? OK : IOERR;
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    assertEquals(expected, bench.request(IN, sector, length));
                    if (isInside) {
                        assertArrayEquals(Arrays.copyOfRange(model, sector * 512, sector * 512 + length), GuestRam.get(bench.memory, DATA, length));
                    }
                }
                case 2 -> {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    GuestRam.put(bench.memory, DATA, data);
                    assertEquals(expected, bench.request(OUT, sector, length));
                    if (isInside) {
                        System.arraycopy(data, 0, model, sector * 512, length);
                    }
                }
                default -> {
                    assertEquals(expected, bench.segments(13, new long[] {sector, length / 512, random.nextInt(2)}));
                    if (isInside) {
                        Arrays.fill(model, sector * 512, sector * 512 + length, (byte) 0);
                    }
                }
            }
        }
        assertArrayEquals(model, bench.disk.bytes);
    }
}
