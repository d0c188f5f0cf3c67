package io.vmm4j.core.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitrdTest {

    private static final long LOW_RAM = 32L << 20;

    @TempDir
    private Path directory;

    private Path file(int size) throws IOException {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        return Files.write(directory.resolve("initrd"), content);
    }

    private long place(int size, ByteBuffer kernelImage, long lowRam) throws Exception {
        try (Initrd initrd = Initrd.open(file(size)); KernelImage kernel = KernelImage.open(FakeKernels.write(directory, kernelImage), lowRam)) {
            return initrd.place(kernel, lowRam);
        }
    }

    @Test
    void itGoesToTheTopOfLowRamOnAPage() throws Exception {
        assertEquals(LOW_RAM - 0x1000, place(1, FakeKernels.elf(), LOW_RAM));
        assertEquals(LOW_RAM - 0x1000, place(0x1000, FakeKernels.elf(), LOW_RAM));
        assertEquals(LOW_RAM - 0x2000, place(0x1001, FakeKernels.bzImage(), LOW_RAM));
    }

    @Test
    void itStaysBelowTheAddressThatTheKernelNames() throws Exception {
        ByteBuffer image = FakeKernels.bzImage();
        image.putShort(0x236, (short) 1).putInt(0x22c, 0x1ffffff - 0x400000);
        assertEquals(0x2000000 - 0x400000 - 0x1000, place(0x1000, image, LOW_RAM), "its last byte may be at that address");
    }

    @Test
    void aKernelThatTakesItAnywhereHasNoHighestAddress() throws Exception {
        ByteBuffer image = FakeKernels.bzImage();
        image.putShort(0x236, (short) 3).putInt(0x22c, 0x1ffffff - 0x400000);
        assertEquals(LOW_RAM - 0x1000, place(1, image, LOW_RAM));
    }

    @Test
    void itFillsTheRoomAboveTheKernelAndNotOnePageMore() throws Exception {
        int room = (int) (LOW_RAM - 0x1200000);
        assertEquals(0x1200000, place(room, FakeKernels.bzImage(), LOW_RAM));
        String message = assertThrows(KernelImageException.class, () -> place(room + 1, FakeKernels.bzImage(), LOW_RAM)).getMessage();
        assertTrue(message.contains("is too large: " + (room + 1) + " bytes, there is room for " + room), message);
    }

    @Test
    void whatIsNoFileWithContentIsRefused() {
        assertTrue(assertThrows(KernelImageException.class, () -> Initrd.open(directory)).getMessage().contains("initrd " + directory + " is a directory"));
        assertTrue(assertThrows(KernelImageException.class, () -> Initrd.open(directory.resolve("x"))).getMessage().contains("does not exist"));
        assertTrue(assertThrows(KernelImageException.class, () -> Initrd.open(file(0))).getMessage().contains("is empty"));
    }

    private Path file(String hex) throws IOException {
        return Files.write(directory.resolve("initrd"), Arrays.copyOf(HexFormat.of().parseHex(hex), 2048));
    }

    private void fit(String hex, ByteBuffer kernelImage) throws Exception {
        try (Initrd initrd = Initrd.open(file(hex)); KernelImage kernel = KernelImage.open(FakeKernels.write(directory, kernelImage), LOW_RAM)) {
            initrd.requireFitFor(kernel);
        }
    }

    @ParameterizedTest
    @CsvSource({"514649fb00000003, a qcow2 image", "4b444d56, a VMDK image", "76686478 66696c65, a VHDX image"})
    void theImageOfADiskIsNoInitrdOfAnyKernel(String magic, String what) {
        String message = assertThrows(KernelImageException.class, () -> Initrd.open(file(magic.replace(" ", "")))).getMessage();
        assertTrue(message.contains(" is " + what + "; Linux takes a cpio archive"), message);
    }

    @ParameterizedTest
    @CsvSource({"7f454c46020101, an ELF program", "504b0304, a zip archive", "04224d18, an lz4 file", "377abcaf271c, a 7z archive"})
    void whatLinuxDoesNotUnpackIsRefusedWhereTheKernelIsLinuxForSure(String magic, String what) throws Exception {
        String message = assertThrows(KernelImageException.class, () -> fit(magic, FakeKernels.bzImage())).getMessage();
        assertTrue(message.contains(" is " + what + "; Linux takes a cpio archive") && message.endsWith("or lz4 -l"), message);
        fit(magic, FakeKernels.elf());
    }

    @ParameterizedTest
    @ValueSource(strings = {"303730373031", "1f8b08", "fd377a585a00", "28b52ffd", "425a683931415926 5359", "02214c18", "894c5a4f000d0a1a0a", "00", "68737173"})
    void whatLinuxUnpacksOrMayHaveADriverForIsTaken(String magic) throws Exception {
        fit(magic.replace(" ", ""), FakeKernels.bzImage());
    }

    @Test
    void allOfItIsInRamAtItsAddress() throws Exception {
        GuestMemory memory = GuestRam.of(FakeKernels.MIB);
        Path path = file(0x12345);
        try (Initrd initrd = Initrd.open(path)) {
            assertEquals(0x12345, initrd.size());
            initrd.load(memory, 0x3000);
        }
        assertArrayEquals(Files.readAllBytes(path), GuestRam.get(memory, 0x3000, 0x12345));
        assertEquals(0, memory.readU8(0x3000 + 0x12345));
    }
}
