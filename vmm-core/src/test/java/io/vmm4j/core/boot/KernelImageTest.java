package io.vmm4j.core.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelImageTest {

    private static final long LOW_RAM = 128L << 20;

    @TempDir
    private Path directory;

    private String refusal(Path path) {
        String message = assertThrows(KernelImageException.class, () -> KernelImage.open(path, LOW_RAM).close()).getMessage();
        assertTrue(message.contains(path.toString()), () -> "names the file: " + message);
        assertFalse(message.contains("\n"), () -> "is one line: " + message);
        return message;
    }

    private String refusal(ByteBuffer image) throws IOException {
        return refusal(FakeKernels.write(directory, image));
    }

    private String damagedElf(Consumer<ByteBuffer> damage) throws IOException {
        ByteBuffer elf = FakeKernels.elf();
        damage.accept(elf);
        return refusal(elf);
    }

    private String damagedBzImage(Consumer<ByteBuffer> damage) throws IOException {
        ByteBuffer image = FakeKernels.bzImage();
        damage.accept(image);
        return refusal(image);
    }

    private static void assertSays(String message, String... parts) {
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "\"" + part + "\" is missing in: " + message);
        }
    }

    @Test
    void anElfKernelIsEnteredAtItsEntryPointAndLoadedAtItsPhysicalAddress() throws Exception {
        GuestMemory memory = GuestRam.of(2 * FakeKernels.MIB);
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, FakeKernels.elf()), LOW_RAM)) {
            assertEquals(KernelFormat.ELF64_LINUX, kernel.format());
            assertEquals(0x100010, kernel.entryPoint());
            assertEquals(0x104000, kernel.endOfKernel(), "counts what is zero in memory and not in the file");
            assertTrue(kernel.setupHeader().isEmpty());
            assertEquals(2048, kernel.commandLineLimit());
            kernel.load(memory);
        }
        byte[] code = Arrays.copyOfRange(FakeKernels.elf().array(), 0x1000, 0x1000 + 0x2345);
        assertArrayEquals(code, GuestRam.get(memory, 0x100000, 0x2345));
        assertArrayEquals(new byte[0x4000 - 0x2345], GuestRam.get(memory, 0x100000 + 0x2345, 0x4000 - 0x2345));
    }

    @Test
    void aBzImageIsLoadedAtOneMibAndEnteredAtItsSixtyFourBitEntry() throws Exception {
        GuestMemory memory = GuestRam.of(2 * FakeKernels.MIB);
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, FakeKernels.bzImage()), LOW_RAM)) {
            assertEquals(KernelFormat.BZIMAGE, kernel.format());
            assertEquals(0x100200, kernel.entryPoint());
            assertEquals(0x1200000, kernel.endOfKernel(), "16 MiB where it runs and 2 MiB that it takes there");
            assertEquals(0x020f, kernel.setupHeader().orElseThrow().version());
            assertEquals(2048, kernel.commandLineLimit());
            kernel.load(memory);
        }
        byte[] code = Arrays.copyOfRange(FakeKernels.bzImage().array(), 5 * 512, 5 * 512 + 0x3000);
        assertArrayEquals(code, GuestRam.get(memory, 0x100000, 0x3000));
    }

    @Test
    void bytesBehindABzImagesCodeAreNotLoaded() throws Exception {
        ByteBuffer signed = ByteBuffer.allocate(FakeKernels.BZIMAGE_SETUP + FakeKernels.BZIMAGE_CODE_SIZE + 100);
        signed.put(FakeKernels.bzImage()).put(new byte[] {1, 2, 3});
        GuestMemory memory = GuestRam.of(2 * FakeKernels.MIB);
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, signed), LOW_RAM)) {
            kernel.load(memory);
        }
        assertEquals(0, memory.readU8(0x103000));
    }

    @Test
    void aBzImageSaysHowLongItsCommandLineMayBe() throws Exception {
        ByteBuffer image = FakeKernels.bzImage();
        image.putInt(0x238, 255);
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, image), LOW_RAM)) {
            assertEquals(256, kernel.commandLineLimit());
        }
    }

    @Test
    void whatIsNotAReadableFileIsRefused() throws Exception {
        assertSays(refusal(directory.resolve("nowhere")), "does not exist");
        assertSays(refusal(directory), "is a directory");
        assertSays(refusal(Files.createFile(directory.resolve("empty"))), "is empty");
        String belowAFile = refusal(directory.resolve("empty").resolve("x"));
        // Later Javas take it for missing, as they do not pass on which of the two the host said.
        assertTrue(belowAFile.contains("Not a directory") || belowAFile.endsWith("empty/x does not exist"), belowAFile);
        assertSays(refusal(Path.of("/dev/null")), "is not a regular file");
    }

    @Test
    @Timeout(10)
    void aNamedPipeIsRefusedWithoutWaitingForAWriter() throws Exception {
        Path pipe = directory.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "mkfifo did not work");
        assertSays(refusal(pipe), "is not a regular file");
    }

    @Test
    void anUnreadableFileIsRefused() throws Exception {
        Path path = FakeKernels.write(directory, FakeKernels.elf());
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(path), "this user reads every file");
        assertSays(refusal(path), "permission denied");
    }

    @Test
    void whatIsNoKernelIsNamedForWhatItIs() throws Exception {
        assertSays(refusal(ByteBuffer.wrap("hello, world\n".getBytes())), "is a text file");
        assertSays(refusal(ByteBuffer.wrap("#!/bin/sh\n".getBytes())), "is a script");
        assertSays(refusal(ByteBuffer.wrap(new byte[] {0x1f, (byte) 0x8b, 8, 0})), "is a gzip file");
        assertSays(refusal(ByteBuffer.wrap(new byte[] {(byte) 0x80})), "is neither ELF nor bzImage");
        assertSays(refusal(ByteBuffer.allocate(100_000)), "is neither ELF nor bzImage");
        assertSays(refusal(ByteBuffer.wrap("QFI\u00fb\0\0\0\3".getBytes(StandardCharsets.ISO_8859_1))), "is a qcow2 image; an ELF vmlinux");
        assertSays(refusal(ByteBuffer.wrap("MZ\u0090".getBytes(StandardCharsets.ISO_8859_1))), "is an EFI or DOS program");
        assertSays(refusal(ByteBuffer.allocate(4096).put(0, (byte) 'M').put(1, (byte) 'Z').putInt(56, 0x41524d64)), "is a Linux kernel for arm64");
        assertSays(refusal(ByteBuffer.wrap("MZ\0\0zimg".getBytes(StandardCharsets.ISO_8859_1))), "is a compressed EFI kernel (zboot)");
    }

    @Test
    void aBzImageWithoutItsBootFlagIsNone() throws Exception {
        assertSays(damagedBzImage(image -> image.putShort(0x1fe, (short) 0)), "is neither ELF nor bzImage; an ELF vmlinux or a bzImage is needed");
    }

    @Test
    void whatIsPackedIsRefusedWithTheCommandThatUnpacksIt() throws Exception {
        Path kernel = directory.resolve("kernel");
        assertSays(refusal(ByteBuffer.wrap(new byte[] {0x1f, (byte) 0x8b, 8, 0})), "a bzImage is needed: `gzip -dc " + kernel + " > " + kernel + ".raw` unpacks it");
        assertSays(refusal(ByteBuffer.wrap(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd})), "is a zstd file", "`zstd -dc ");
        assertSays(refusal(ByteBuffer.wrap(new byte[] {4, 0x22, 0x4d, 0x18})), "is an lz4 file", "`lz4 -dc ");
        assertSays(refusal(ByteBuffer.allocate(1024).put(257, "ustar\0".getBytes())), "is a tar archive", "`tar -xf ");
    }

    @Test
    void anElfFileForAnotherMachineIsRefused() throws Exception {
        assertSays(damagedElf(elf -> elf.put(4, (byte) 1)), "32-bit ELF");
        assertSays(damagedElf(elf -> elf.put(4, (byte) 9)), "class 9");
        assertSays(damagedElf(elf -> elf.put(5, (byte) 2)), "not a little-endian ELF");
        assertSays(damagedElf(elf -> elf.putShort(18, (short) 183)), "AArch64");
        assertSays(damagedElf(elf -> elf.putShort(18, (short) 21)), "machine type 21");
        assertSays(damagedElf(elf -> elf.putShort(16, (short) 1)), "type 1");
    }

    @ParameterizedTest
    @CsvSource({"4", "63", "64", "100", "0x1000", "0x3344"})
    void aTruncatedElfFileIsRefused(String size) throws Exception {
        ByteBuffer elf = FakeKernels.elf();
        assertSays(refusal(ByteBuffer.wrap(Arrays.copyOf(elf.array(), Integer.decode(size)))), "truncated ELF");
    }

    @Test
    void anElfFileWithImpossibleSegmentsIsRefused() throws Exception {
        assertSays(damagedElf(elf -> elf.putShort(56, (short) 0)), "program headers: 0");
        assertSays(damagedElf(elf -> elf.putShort(54, (short) 32)), "of 32 bytes");
        assertSays(damagedElf(elf -> elf.putLong(32, -1)), "truncated ELF", "program headers");
        assertSays(damagedElf(elf -> elf.putLong(32, Long.MAX_VALUE)), "truncated ELF", "program headers");
        assertSays(damagedElf(elf -> elf.putInt(64, 4)), "no segment to load");
        assertSays(damagedElf(elf -> elf.putLong(64 + 32, -1)), "truncated ELF");
        assertSays(damagedElf(elf -> elf.putLong(64 + 40, 0x100)), "0x100000", "9029 bytes in the file, 256 in memory");
        assertSays(damagedElf(elf -> elf.putLong(64 + 40, -1)), "in memory");
        assertSays(damagedElf(elf -> elf.putLong(24, 0x200000)), "entry point 0x200000");
        assertSays(damagedElf(elf -> elf.putLong(24, 0x100000 + 0x2345)), "entry point 0x102345");
    }

    @Test
    void anElfSegmentMustLieInRamFromOneMibOn() throws Exception {
        assertSays(damagedElf(elf -> elf.putLong(64 + 24, 0xff000)), "0xff000", "0x100000");
        assertSays(damagedElf(elf -> elf.putLong(64 + 24, 0)), "lowest address");
        assertSays(damagedElf(elf -> elf.putLong(64 + 24, -0x1000)), "outside RAM");
        assertSays(damagedElf(elf -> elf.putLong(64 + 40, Long.MAX_VALUE)), "outside RAM");
        assertSays(damagedElf(elf -> elf.putLong(64 + 40, Long.MAX_VALUE - 0x100000)), "0x7fffffffffffffff (8796093022208 MiB)");
        assertSays(damagedElf(elf -> elf.putLong(64 + 24, LOW_RAM - 0x3fff)), "needs RAM up to 0x8000001 (129 MiB)", "has 128 MiB");
    }

    @Test
    void anElfSegmentMayEndWithRam() throws Exception {
        ByteBuffer elf = FakeKernels.elf();
        elf.putLong(64 + 24, LOW_RAM - 0x4000).putLong(24, LOW_RAM - 0x4000);
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, elf), LOW_RAM)) {
            assertEquals(LOW_RAM, kernel.endOfKernel());
        }
    }

    @Test
    void overlappingElfSegmentsAreRefused() throws Exception {
        assertSays(damagedElf(elf -> {
            elf.putShort(56, (short) 2);
            FakeKernels.programHeader(elf, 1, 0x1000, 0x103fff, 1, 1);
        }), "overlapping", "0x103fff", "0x104000");
    }

    @Test
    void elfSegmentsThatTouchAreLoadedInAnyOrder() throws Exception {
        ByteBuffer elf = FakeKernels.elf();
        elf.putShort(56, (short) 2);
        FakeKernels.programHeader(elf, 0, 0x1000, 0x104000, 1, 1);
        FakeKernels.programHeader(elf, 1, 0x1000, 0x100000, 0x20, 0x4000);
        GuestMemory memory = GuestRam.of(2 * FakeKernels.MIB);
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, elf), LOW_RAM)) {
            assertEquals(0x104001, kernel.endOfKernel());
            kernel.load(memory);
        }
        assertEquals(1, memory.readU8(0x104000));
    }

    @Test
    void aBzImageThatCannotBeEnteredInLongModeIsRefused() throws Exception {
        assertSays(damagedBzImage(image -> image.putShort(0x206, (short) 0x020b)), "protocol 2.11", "2.12");
        assertSays(damagedBzImage(image -> image.putShort(0x236, (short) 2)), "without a 64-bit entry");
        assertSays(damagedBzImage(image -> image.put(0x211, (byte) 0)), "without a 64-bit entry");
    }

    @Test
    void aDamagedBzImageIsRefused() throws Exception {
        assertSays(damagedBzImage(image -> image.putInt(0x1f4, 0x301)), "truncated bzImage", "16 fewer");
        assertSays(damagedBzImage(image -> image.putInt(0x1f4, -1)), "truncated bzImage");
        assertSays(damagedBzImage(image -> image.putInt(0x1f4, 0)), "without code");
        assertSays(damagedBzImage(image -> image.putInt(0x230, 0)), "alignment 0x0");
        assertSays(damagedBzImage(image -> image.putLong(0x258, -1)), "0xffffffffffffffff");
        assertSays(refusal(ByteBuffer.wrap(Arrays.copyOf(FakeKernels.bzImage().array(), 0x210))), "truncated bzImage", "528 bytes");
    }

    @Test
    void aBzImageThatUnpacksBeyondRamIsRefused() throws Exception {
        assertSays(damagedBzImage(image -> image.putInt(0x260, (int) LOW_RAM)), "needs RAM up to 0x9000000 (144 MiB)");
        assertSays(damagedBzImage(image -> image.putInt(0x260, -1)), "needs RAM");
    }

    @Test
    void aKernelThatBecomesShorterAfterTheCheckIsAnErrorNotAHang() throws Exception {
        Path path = FakeKernels.write(directory, FakeKernels.elf());
        try (KernelImage kernel = KernelImage.open(path, LOW_RAM);
                FileChannel truncating = FileChannel.open(path, StandardOpenOption.WRITE)) {
            truncating.truncate(0x2000);
            String message = assertThrows(EOFException.class, () -> kernel.load(GuestRam.of(2 * FakeKernels.MIB))).getMessage();
            assertSays(message, path.toString(), "13125 bytes");
        }
    }
}
