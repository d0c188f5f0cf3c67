package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.vmm4j.core.block.DiskFile;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskImageTest {

    @TempDir
    Path directory;

    private Problems problems = new Problems();

    private Path image(byte[] content) throws Exception {
        return Files.write(directory.resolve("disk.img"), content);
    }

    private DiskImage open(Path path, boolean readOnly) {
        try {
            return DiskImage.open(new DriveConfig("d", true, null, path.toString(), readOnly, null), "drives[0]", problems);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertRefused(Path path, String reason) {
        problems = new Problems();
        assertNull(open(path, false));
        ConfigException refused = assertThrows(ConfigException.class, problems::throwIfAny);
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
        assertTrue(refused.getMessage().contains(path.toString()), refused.getMessage());
        assertEquals("drives[0].path_on_host", refused.problems().get(0).key());
    }

    private static byte[] withMbr(int signature, int status, int type) {
        byte[] disk = new byte[4096];
        disk[446] = (byte) status;
        disk[446 + 4] = (byte) type;
        disk[510] = (byte) signature;
        disk[511] = (byte) (signature >> 8);
        return disk;
    }

    @Test
    void aRawImageOpensWithItsCapacity() throws Exception {
        try (DiskImage disk = open(image(new byte[4096]), false)) {
            assertEquals(4096, disk.capacity());
            assertFalse(disk.hasPartitionTable(), "zeros are no partition table");
        }
        problems.throwIfAny();
    }

    @Test
    void aMasterBootRecordIsAPartitionTable() throws Exception {
        try (DiskImage linux = open(image(withMbr(0xAA55, 0x80, 0x83)), false)) {
            assertTrue(linux.hasPartitionTable());
        }
        try (DiskImage protective = open(image(withMbr(0xAA55, 0x00, 0xEE)), false)) {
            assertTrue(protective.hasPartitionTable(), "a GPT's protective record");
        }
    }

    @Test
    void aBootSectorThatIsNotAMasterBootRecordIsNoPartitionTable() throws Exception {
        try (DiskImage bootSector = open(image(withMbr(0xAA55, 0x33, 0x83)), false)) {
            assertFalse(bootSector.hasPartitionTable(), "code where the entries would be");
        }
        try (DiskImage empty = open(image(withMbr(0xAA55, 0, 0)), false)) {
            assertFalse(empty.hasPartitionTable(), "no entry in use");
        }
        try (DiskImage noSignature = open(image(withMbr(0, 0x80, 0x83)), false)) {
            assertFalse(noSignature.hasPartitionTable());
        }
    }

    @Test
    void whatIsNoDiskImageIsRefusedByName() throws Exception {
        assertRefused(directory.resolve("missing"), "does not exist");
    }

    @Test
    void aDirectoryIsRefused() {
        assertRefused(directory, "is a directory");
    }

    @Test
    void aSizeThatIsNoMultipleOf512IsRefusedWithTheSize() throws Exception {
        assertRefused(image(new byte[1000]), "1000 bytes is not a positive multiple of 512");
    }

    @Test
    void anEmptyImageIsRefused() throws Exception {
        assertRefused(image(new byte[0]), "0 bytes");
    }

    @Test
    void aCharacterDeviceIsRefused() {
        assertRefused(Path.of("/dev/null"), "neither a file nor a block device");
    }

    @Test
    void aReadOnlyDriveDoesNotOpenItsImageForWriting() throws Exception {
        try (BlkBackend disk = open(image(new byte[512]), true).toBackend(List.of())) {
            IOException refused = assertThrows(IOException.class,
                    () -> disk.write(new ByteBuffer[] {ByteBuffer.allocateDirect(512)}, 1, 0));
            assertTrue(refused.getMessage().contains("EBADF"), refused.getMessage());
        }
    }

    @Test
    void aSecondWriterIsRefusedAndToldWhoHasTheImage() throws Exception {
        Path path = image(new byte[512]);
        try (DiskImage first = open(path, false)) {
            assertRefused(path, "in use by another drive of this process");
        }
        try (DiskImage next = open(path, false)) {
            assertEquals(512, next.capacity(), "free again");
        }
    }

    @Test
    void anImageOfAnotherFormatIsNotEvenLocked() throws Exception {
        byte[] content = new byte[4096];
        System.arraycopy(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}, 0, content, 0, 8);
        Path path = image(content);
        try (DiskFile holder = DiskFile.open(path, false, false)) {
            assertRefused(path, "begins as a qcow2 image does");
            problems = new Problems();
            assertNull(open(path, true));
            assertTrue(assertThrows(ConfigException.class, problems::throwIfAny).getMessage().contains("begins as a qcow2 image does"));
            assertEquals(4096, holder.size());
        }
    }

    @Test
    void readersShareAnImageAndKeepAWriterOut() throws Exception {
        Path path = image(new byte[512]);
        try (DiskImage first = open(path, true); DiskImage second = open(path, true)) {
            assertEquals(512, second.capacity());
            assertRefused(path, "in use by");
        }
    }

    @Test
    void aWriterKeepsReadersOut() throws Exception {
        Path path = image(new byte[512]);
        try (DiskImage first = open(path, false)) {
            assertNull(open(path, true));
            assertFalse(problems.isClean("drives[0].path_on_host"));
        }
    }

    private static byte[] qcow2(int size) {
        byte[] bytes = new byte[size];
        System.arraycopy(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}, 0, bytes, 0, 8);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anImageOfAnotherFormatIsRefusedWithTheCommandThatConvertsIt(boolean readOnly) throws Exception {
        Path path = image(Arrays.copyOf("KDMV".getBytes(StandardCharsets.US_ASCII), 4096));
        assertNull(open(path, readOnly));
        assertEquals("disk image " + path + " is a VMDK image, not a raw image: `qemu-img convert -f vmdk -O raw " + path + " " + path
                + ".raw` makes one; with format \"raw\" it is taken as it is (drives[0].path_on_host)",
                assertThrows(ConfigException.class, problems::throwIfAny).getMessage());
    }

    /** The guest of a raw disk may have written that, with a file of the host's behind it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anImageThatBeginsAsAQcow2OneIsNoneUnlessItIsSaidToBe(boolean readOnly) throws Exception {
        Path path = image(qcow2(4096));
        assertNull(open(path, readOnly));
        assertEquals("disk image " + path + " begins as a qcow2 image does, which its guest may have written: with format \"qcow2\", or named "
                + ".qcow2, it is one; with format \"raw\" it is taken as it is (drives[0].path_on_host)",
                assertThrows(ConfigException.class, problems::throwIfAny).getMessage());
    }

    @Test
    void theFormatIsTheMatterWhereTheSizeIsWrongToo() throws Exception {
        assertRefused(image(new byte[] {0x1f, (byte) 0x8b, 8, 0}), "is a gzip file, not a raw image: `gzip -dc ");
        assertRefused(image(Arrays.copyOf("PK\3\4".getBytes(StandardCharsets.ISO_8859_1), 1001)), "is a zip archive, not a raw image: `unzip -p ");
    }

    @Test
    void anImageWithAFooterIsRefused() throws Exception {
        byte[] fixed = new byte[8192 + 512];
        System.arraycopy("conectix".getBytes(StandardCharsets.US_ASCII), 0, fixed, 8192, 8);
        assertRefused(image(fixed), "is a VHD image, not a raw image: `qemu-img convert -f vpc -O raw ");
    }

    @Test
    void aKernelIsNoDisk() throws Exception {
        assertRefused(image(Arrays.copyOf(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}, 4096)),
                "is an ELF program, not a raw image, and no command is known that makes one of it; with format \"raw\" it is taken as it is");
    }

    @Test
    void aRawDiskWithAnotherImageOnItOpensWhereItIsSaidToBeRaw() throws Exception {
        DriveConfig drive = new DriveConfig("d", true, null, image(qcow2(4096)).toString(), false, null).withFormat(DriveConfig.Format.RAW);
        try (DiskImage disk = DiskImage.open(drive, "drives[0]", problems)) {
            assertEquals(4096, disk.capacity());
        }
        problems.throwIfAny();
    }

    @Test
    void theFormatIsToldWithDirectIoTooWhateverTheSize() throws Exception {
        Path path = Files.write(Files.createTempFile(Path.of("/var/tmp"), "vmm4j", ".img"), qcow2(5001));
        try {
            DriveConfig drive = new DriveConfig("d", true, null, path.toString(), false, null).withDirect(true);
            assertNull(DiskImage.open(drive, "drives[0]", problems));
            String refusal = assertThrows(ConfigException.class, problems::throwIfAny).getMessage();
            assumeFalse(refusal.contains("without direct I/O"), refusal);
            assertTrue(refusal.contains("begins as a qcow2 image does"), refusal);
        } finally {
            Files.delete(path);
        }
    }
}
