package io.vmm4j.core.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Offsets are those of the kernel's Documentation/arch/x86/boot.rst and zero-page.rst. */
class BootParamsTest {

    private static final long ZERO_PAGE = 0x7000;
    private static final long GIB = 1L << 30;

    @TempDir
    private Path directory;
    private final GuestMemory memory = GuestRam.of(FakeKernels.MIB);

    private void write(ByteBuffer image, long memoryBytes, long initrdAddress, long initrdSize) throws Exception {
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, image), 64L << 20)) {
            new BootParams(memoryBytes, kernel, initrdAddress, initrdSize).write(memory);
        }
    }

    private long u32(long offset) throws Exception {
        return memory.readU32(ZERO_PAGE + offset);
    }

    private List<E820Entry> memoryMap() throws Exception {
        E820Entry[] map = new E820Entry[memory.readU8(ZERO_PAGE + 0x1e8)];
        for (int i = 0; i < map.length; i++) {
            long at = ZERO_PAGE + 0x2d0 + i * 20L;
            map[i] = new E820Entry(memory.readU64(at), memory.readU64(at + 8), (int) memory.readU32(at + 16));
        }
        return List.of(map);
    }

    @Test
    void anElfKernelGetsAHeaderOfItsOwn() throws Exception {
        write(FakeKernels.elf(), 64L << 20, 0, 0);
        assertEquals(0xAA55, memory.readU16(ZERO_PAGE + 0x1fe));
        assertArrayEquals("HdrS".getBytes(), GuestRam.get(memory, ZERO_PAGE + 0x202, 4));
        assertEquals(0x020c, memory.readU16(ZERO_PAGE + 0x206));
        assertEquals(0xff, memory.readU8(ZERO_PAGE + 0x210));
        assertEquals(0x0100_0000, u32(0x230));
        assertEquals(2047, u32(0x238));
    }

    @Test
    void aBzImagesHeaderIsTakenOverToItsEnd() throws Exception {
        ByteBuffer image = FakeKernels.bzImage();
        image.put(0x26b, (byte) 0x77).put(0x26c, (byte) 0x88);
        write(image, 64L << 20, 0, 0);
        byte[] expected = Arrays.copyOfRange(image.array(), 0x1f1, 0x26c);
        expected[0x210 - 0x1f1] = (byte) 0xff;
        expected[0x228 - 0x1f1 + 2] = 2;
        assertArrayEquals(expected, GuestRam.get(memory, ZERO_PAGE + 0x1f1, expected.length));
        assertEquals(0, memory.readU8(ZERO_PAGE + 0x26c), "the jump's displacement 0x6a ends the header at 0x26c");
    }

    @Test
    void aHeaderThatClaimsToReachIntoOtherFieldsIsCut() throws Exception {
        ByteBuffer image = FakeKernels.bzImage();
        image.put(0x201, (byte) 0xff).put(0x28f, (byte) 0x11).put(0x290, (byte) 0x22);
        write(image, 64L << 20, 0, 0);
        assertEquals(0x11, memory.readU8(ZERO_PAGE + 0x28f));
        assertEquals(0, memory.readU8(ZERO_PAGE + 0x290));
    }

    @Test
    void commandLineInitrdAndAcpiRootPointerAreNamed() throws Exception {
        write(FakeKernels.bzImage(), 64L << 20, 0x3ff0000, 0xabcd);
        assertEquals(0x20000, u32(0x228));
        assertEquals(0x3ff0000, u32(0x218));
        assertEquals(0xabcd, u32(0x21c));
        assertEquals(0, u32(0x0c0));
        assertEquals(0, u32(0x0c4));
        assertEquals(0xe0000, memory.readU64(ZERO_PAGE + 0x070));
    }

    @Test
    void anInitrdAboveFourGibHasItsHighHalvesElsewhere() throws Exception {
        write(FakeKernels.elf(), 64L << 20, 0x5_1234_5000L, 0x1_0000_0002L);
        assertEquals(0x1234_5000L, u32(0x218));
        assertEquals(5, u32(0x0c0));
        assertEquals(2, u32(0x21c));
        assertEquals(1, u32(0x0c4));
    }

    @Test
    void whatWasInThePageIsGone() throws Exception {
        for (int i = 0; i < 4096; i++) {
            memory.writeU8(ZERO_PAGE + i, 0xee);
        }
        write(FakeKernels.elf(), 64L << 20, 0, 0);
        assertEquals(0, memory.readU8(ZERO_PAGE + 0x1ef), "the sentinel says that the loader cleared the page");
        assertEquals(0, memory.readU8(ZERO_PAGE + 4095));
    }

    @Test
    void theMemoryMapLeavesOutTheFirmwareTables() throws Exception {
        write(FakeKernels.elf(), 64L << 20, 0, 0);
        assertEquals(List.of(new E820Entry(0, 0x9fc00, 1), new E820Entry(0x9fc00, 0x60400, 2), new E820Entry(0x100000, 0x3f00000, 1)), memoryMap());
    }

    @Test
    void theMemoryMapGoesOnAboveTheHole() throws Exception {
        write(FakeKernels.elf(), 5 * GIB, 0, 0);
        assertEquals(List.of(new E820Entry(0, 0x9fc00, 1), new E820Entry(0x9fc00, 0x60400, 2),
                new E820Entry(0x100000, 0xbff00000L, 1), new E820Entry(0x100000000L, 2 * GIB, 1)), memoryMap());
    }
}
