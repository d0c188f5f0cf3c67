package io.vmm4j.devices.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.GuestRam;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

final class BufferGuestMemoryTest {

    private static final long HIGH = 0x1_0000_0000L;
    private static final int LOW_LENGTH = 3 * 4096 + 100; // the last chunk is a short one

    private final GuestMemory memory = new BufferGuestMemory(List.of(
        GuestRam.region(HIGH, 8192, 4096), GuestRam.region(0, LOW_LENGTH, 4096)));

    @Test
    void scalarsAreLittleEndian() throws GuestMemoryException {
        GuestRam.put(memory, 8, new byte[] {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, (byte) 0x88});
        assertEquals(0x11, memory.readU8(8));
        assertEquals(0x2211, memory.readU16(8));
        assertEquals(0x2211, memory.readU16Acquire(8));
        assertEquals(0x44332211L, memory.readU32(8));
        assertEquals(0x8877665544332211L, memory.readU64(8));
    }

    @Test
    void scalarsAreZeroExtended() throws GuestMemoryException {
        memory.writeU64(0, -1);
        assertEquals(0xFF, memory.readU8(0));
        assertEquals(0xFFFF, memory.readU16(0));
        assertEquals(0xFFFF, memory.readU16Acquire(0));
        assertEquals(0xFFFF_FFFFL, memory.readU32(0));
    }

    @Test
    void scalarsCrossChunksAtEveryOffset() throws GuestMemoryException {
        for (long gpa = 4096 - 8; gpa <= 4096; gpa++) {
            memory.writeU64(gpa, 0x0102030405060708L + gpa);
            assertEquals(0x0102030405060708L + gpa, memory.readU64(gpa), "u64 at " + gpa);
            memory.writeU32(gpa, 0xA1B2C3D4L);
            assertEquals(0xA1B2C3D4L, memory.readU32(gpa), "u32 at " + gpa);
            memory.writeU16(gpa, 0xBEEF);
            assertEquals(0xBEEF, memory.readU16(gpa), "u16 at " + gpa);
            memory.writeU8(gpa, 0x5A);
            assertEquals(0x5A, memory.readU8(gpa), "u8 at " + gpa);
        }
    }

    @Test
    void releaseStoresAreSeenByAcquireLoads() throws GuestMemoryException {
        memory.writeU16Release(HIGH + 4096, 0xFFFE);
        assertEquals(0xFFFE, memory.readU16Acquire(HIGH + 4096));
    }

    @Test
    void atomicAccessesAtOddAddressesAreTheGuestsFault() {
        assertThrows(GuestMemoryException.class, () -> memory.readU16Acquire(1));
        assertThrows(GuestMemoryException.class, () -> memory.writeU16Release(4095, 0));
    }

    @Test
    void bulkCopiesAndViewsCrossChunks() throws GuestMemoryException {
        byte[] bytes = new byte[9000];
        new Random(7).nextBytes(bytes);
        ByteBuffer src = ByteBuffer.wrap(bytes);
        memory.write(100, src);
        assertFalse(src.hasRemaining(), "all of the source is taken");
        assertArrayEquals(bytes, GuestRam.get(memory, 100, 9000));
        ByteBuffer joined = ByteBuffer.allocate(9000);
        List<ByteBuffer> slices = memory.slices(100, 9000);
        slices.forEach(slice -> {
            assertSame(ByteOrder.LITTLE_ENDIAN, slice.order());
            joined.put(slice);
        });
        assertEquals(3, slices.size());
        assertArrayEquals(bytes, joined.array());
    }

    @Test
    void viewsEqualSlicesAndAreUsedAgain() throws GuestMemoryException {
        GuestViews views = new GuestViews();
        memory.views(4000, 5000, views);
        assertEquals(3, views.count());
        ByteBuffer first = views.get(0);
        List<ByteBuffer> slices = memory.slices(4000, 5000);
        for (int i = 0; i < 3; i++) {
            assertEquals(slices.get(i), views.get(i), "view " + i);
            assertSame(ByteOrder.LITTLE_ENDIAN, views.get(i).order());
        }
        views.clear();
        memory.views(8, 16, views);
        assertSame(first, views.get(0), "a view of the same chunk in the same slot is the same object");
        assertEquals(16, views.get(0).remaining());
        assertThrows(IndexOutOfBoundsException.class, () -> views.get(1));
    }

    @Test
    void nothingLengthNeedsNoRam() throws GuestMemoryException {
        assertEquals(List.of(), memory.slices(0xdead_0000_0000L, 0));
        assertTrue(memory.contains(-1, 0));
    }

    @Test
    void writesThroughASliceReachRam() throws GuestMemoryException {
        memory.slices(4094, 4).get(1).put(0, (byte) 0x77);
        assertEquals(0x77, memory.readU8(4096));
    }

    @Test
    void rangesOutsideRamAreRefused() {
        long[][] bad = {
            {LOW_LENGTH, 1}, {LOW_LENGTH - 1, 2}, {0xC000_1000L, 4}, {HIGH - 1, 1}, {HIGH - 1, 2}, {HIGH + 8192, 1},
            {HIGH + 8190, 4}, {-1, 1}, {-8, 16}, {Long.MIN_VALUE, 8}, {Long.MAX_VALUE, 8}, {0, HIGH + 1}, {0, -1},
            {LOW_LENGTH - 16, HIGH},
        };
        for (long[] range : bad) {
            String name = Long.toHexString(range[0]) + "+" + Long.toHexString(range[1]);
            assertFalse(memory.contains(range[0], range[1]), name);
            assertThrows(GuestMemoryException.class, () -> memory.slices(range[0], range[1]), name);
            assertThrows(GuestMemoryException.class, () -> memory.views(range[0], range[1], new GuestViews()), name);
        }
        for (long gpa : new long[] {LOW_LENGTH, LOW_LENGTH - 1, 0xC000_0000L, -1, -2, Long.MIN_VALUE, Long.MAX_VALUE, HIGH - 1, HIGH + 8191}) {
            String name = Long.toHexString(gpa);
            refused(name, () -> memory.readU16(gpa));
            refused(name, () -> memory.readU16Acquire(gpa & ~1L | 0x4000_0000_0000L));
            refused(name, () -> memory.readU32(gpa));
            refused(name, () -> memory.readU64(gpa));
            refused(name, () -> memory.writeU16(gpa, 0));
            refused(name, () -> memory.writeU32(gpa, 0));
            refused(name, () -> memory.writeU64(gpa, 0));
            refused(name, () -> memory.read(gpa, ByteBuffer.allocate(2)));
            refused(name, () -> memory.write(gpa, ByteBuffer.allocate(2)));
        }
    }

    private static void refused(String name, Executable access) {
        assertThrows(GuestMemoryException.class, access, name);
    }

    @Test
    void aRefusedWriteChangesNothing() throws GuestMemoryException {
        assertThrows(GuestMemoryException.class, () -> memory.write(LOW_LENGTH - 4, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5})));
        assertThrows(GuestMemoryException.class, () -> memory.writeU64(LOW_LENGTH - 4, -1));
        assertEquals(0, memory.readU32(LOW_LENGTH - 4));
    }

    @Test
    void regionsThatTouchAreOne() throws GuestMemoryException {
        GuestMemory touching = new BufferGuestMemory(List.of(GuestRam.region(0, 4096, 4096), GuestRam.region(4096, 4096, 4096)));
        touching.writeU64(4092, 0x1122334455667788L);
        assertEquals(0x1122334455667788L, touching.readU64(4092));
        assertTrue(touching.contains(0, 8192));
        assertEquals(2, touching.slices(4000, 200).size());
    }

    @Test
    void badRegionsAreRefusedByName() {
        ByteBuffer chunk = ByteBuffer.allocateDirect(4096);
        assertThrows(IllegalArgumentException.class, () -> new MemoryRegion(4, List.of(chunk), 4096));
        assertThrows(IllegalArgumentException.class, () -> new MemoryRegion(-8, List.of(chunk), 4096));
        assertThrows(IllegalArgumentException.class, () -> new MemoryRegion(0, List.of(chunk), 5000));
        assertThrows(IllegalArgumentException.class, () -> new MemoryRegion(0, List.of(), 4096));
        assertThrows(IllegalArgumentException.class, () -> new MemoryRegion(0, List.of(ByteBuffer.allocate(4096)), 4096));
        assertThrows(IllegalArgumentException.class, () -> new MemoryRegion(0, List.of(ByteBuffer.allocateDirect(100), chunk), 4096));
        assertThrows(IllegalArgumentException.class, () -> new MemoryRegion(Long.MAX_VALUE - 7, List.of(chunk), 4096));
        assertThrows(IllegalArgumentException.class, () -> new BufferGuestMemory(List.of()));
        MemoryRegion region = new MemoryRegion(0, List.of(chunk), 4096);
        assertThrows(IllegalArgumentException.class, () -> new BufferGuestMemory(List.of(region, MemoryRegion.of(4088, chunk))));
    }
}
