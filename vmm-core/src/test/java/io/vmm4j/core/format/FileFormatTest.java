package io.vmm4j.core.format;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FileFormatTest {

    @TempDir
    private Path directory;

    private static Optional<FileFormat> of(byte[] file) {
        return FileFormat.of(Arrays.copyOf(file, Math.min(file.length, FileFormat.HEAD_BYTES)),
                Arrays.copyOfRange(file, Math.max(0, file.length - FileFormat.TAIL_BYTES), file.length));
    }

    private static byte[] with(int size, int offset, String hex) {
        byte[] magic = HexFormat.of().parseHex(hex.replace(" ", ""));
        byte[] file = new byte[size];
        System.arraycopy(magic, 0, file, offset, magic.length);
        return file;
    }

    @ParameterizedTest
    @CsvSource({
        "QCOW,           0, 51 46 49 fb 00 00 00 01",
        "QCOW2,          0, 51 46 49 fb 00 00 00 02",
        "QCOW2,          0, 51 46 49 fb 00 00 00 03",
        "QED,            0, 51 45 44 00",
        "VMDK,           0, 4b 44 4d 56 01 00 00 00",
        "VMDK,           0, 43 4f 57 44",
        "VMDK,           0, be ba fe ca 00 00 00 00",
        "VMDK,           0, 23 20 44 69 73 6b 20 44 65 73 63 72 69 70 74 6f 72 46 69 6c 65 0a",
        "VDI,           64, 7f 10 da be",
        "VHDX,           0, 76 68 64 78 66 69 6c 65",
        "VHD,            0, 63 6f 6e 65 63 74 69 78",
        "VHD,         3584, 63 6f 6e 65 63 74 69 78",
        "VHD,         3585, 63 6f 6e 65 63 74 69 78",
        "PARALLELS,      0, 57 69 74 68 6f 75 74 46 72 65 65 53 70 61 63 65",
        "PARALLELS,      0, 57 69 74 68 6f 75 46 72 65 53 70 61 63 45 78 74",
        "BOCHS,          0, 42 6f 63 68 73 20 56 69 72 74 75 61 6c 20 48 44 20 49 6d 61 67 65",
        "CLOOP,          0, 23 21 2f 62 69 6e 2f 73 68 0a 23 56 32 2e 30 20 46 6f 72 6d 61 74 0a 6d 6f 64 70 72 6f 62 65 20 63 6c 6f 6f 70",
        "DMG,         3584, 6b 6f 6c 79 00 00 00 04 00 00 02 00",
        "ANDROID_SPARSE, 0, 3a ff 26 ed",
        "TAR,          257, 75 73 74 61 72 00 30 30",
        "TAR,          257, 75 73 74 61 72 20 20 00",
        "ZIP,            0, 50 4b 03 04",
        "EWF,            0, 45 56 46 32 0d 0a 81 00",
        "EWF_LOGICAL,    0, 4c 56 46 09 0d 0a ff 00",
        "EWF_LOGICAL,    0, 4c 45 46 32 0d 0a 81 00",
        "AFF,            0, 41 46 46 31 30 0d 0a 00",
        "VMA,            0, 56 4d 41 00 00 00 00 01",
        "PARTIMAGE,      0, 50 61 52 74 49 6d 41 67 45 2d 56 6f 4c 75 4d 65",
        "XFS_METADUMP,   0, 58 46 53 4d",
        "BTRFS_SEND,     0, 62 74 72 66 73 2d 73 74 72 65 61 6d 00",
        "ZFS_SEND,       8, ac cb ba f5 02 00 00 00",
        "VM_STATE,       0, 51 45 56 4d 00 00 00 03",
        "DEVICE_TREE,    0, d0 0d fe ed",
        "ANDROID_BOOT,   0, 41 4e 44 52 4f 49 44 21",
        "ANDROID_BOOT,   0, 56 4e 44 52 42 4f 4f 54",
        "ANDROID_OTA,    0, 43 72 41 55",
        "UBI,            0, 55 42 49 23 01",
        "RPM,            0, ed ab ee db",
        "WIM,            0, 57 4c 50 57 4d 00 00 00",
        "CHD,            0, 4d 43 6f 6d 70 72 48 44",
        "CISO,           0, 43 49 53 4f",
        "CISO,           0, 49 73 5a 21",
        "CISO,           0, 44 41 41 00",
        "CISO,           0, 45 43 4d 00",
        "WBFS,           0, 57 42 46 53",
        "ZIP,            0, 50 4b 07 08 50 4b 03 04",
        "ZIP,            0, 50 4b 30 30 50 4b 03 04",
        "LRZIP,          0, 4c 52 5a 49 00 06",
        "SNAPPY,         0, ff 06 00 00 73 4e 61 50 70 59",
        "LZFSE,          0, 62 76 78 32",
        "ACE,            7, 2a 2a 41 43 45 2a 2a",
        "LHA,            2, 2d 6c 68 35 2d",
        "CLOOP,          0, 23 21 2f 62 69 6e 2f 73 68 0a 23 56 33 2e 30 20 46 6f 72 6d 61 74 0a",
        "DMG,            0, 6b 6f 6c 79 00 00 00 04 00 00 02 00",
        "LZMA,           0, 5d 00 00 80 00 88 13 00 00 00 00 00 00",
        "ARJ,            0, 60 ea 29 00 22 0b 01 02 00 00 02",
        "DUMP,           24, 6c ea 00 00",
        "CPIO,           0, 30 37 30 37 30 31 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30",
        "CPIO,           0, 30 37 30 37 30 37 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30",
        "CPIO,           0, c7 71 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 2e 00",
        "CPIO,           0, 71 c7 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 2e 00",
        "ELF,            0, 7f 45 4c 46 02 01 01",
        "BZIMAGE,      514, 48 64 72 53",
        "LZ4,            0, 04 22 4d 18",
        "LZ4_LEGACY,     0, 02 21 4c 18",
    })
    void aMagicNumberAtItsPlaceTellsTheFormat(FileFormat format, int offset, String magic) {
        byte[] file = with(4096, offset, magic);
        assertEquals(Optional.of(format), of(file));
        file[offset] ^= 1;
        assertEquals(Optional.empty(), of(file), "another byte");
    }

    @ParameterizedTest
    @CsvSource({
        "zeros,             0, 00",
        "boot sector,     510, 55 aa",
        "ISO 9660,       1000, 43 44 30 30 31",
        "ext4,           1080, 53 ef",
        "XFS,               0, 58 46 53 42",
        "squashfs,          0, 68 73 71 73",
        "EROFS,          1024, e2 e1 f5 e0",
        "cramfs,            0, 45 3d cd 28",
        "LUKS,              0, 4c 55 4b 53 ba be",
        "LVM,             512, 4c 41 42 45 4c 4f 4e 45",
        "GPT,             512, 45 46 49 20 50 41 52 54",
        "a GPT's copy,   3584, 45 46 49 20 50 41 52 54",
        "NTFS,              0, eb 52 90 4e 54 46 53",
        "swap,           4086, 53 57 41 50 53 50 41 43 45 32",
        "gzip by two bytes, 0, 1f 8b 00",
        "the word conectix, 8, 63 6f 6e 65 63 74 69 78",
        "cpio in words, 0, 30 37 30 37 30 31 20 69 73 20 6e 6f 20 63 70 69 6f",
        "cpio of letters, 0, 30 37 30 37 30 31 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 67 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30",
        "two bytes of cpio, 0, c7 71",
        "two bytes of arj, 0, 60 ea",
        "a boot block with MZ, 0, 4d 5a",
        "no property of lzma, 0, 5d 00 00 00 00",
    })
    void whatIsInARawDiskIsNoFormat(String what, int offset, String magic) {
        assertEquals(Optional.empty(), of(with(4096, offset, magic)), what);
    }

    @ParameterizedTest
    @CsvSource({
        "GZIP,       gzip -c in", "XZ,    xz -c in",  "ZSTD, zstd -qc in",  "BZIP2,    bzip2 -c in",  "LZ4, lz4 -qc in", "LZ4_LEGACY, lz4 -lqc in",
        "LZMA,       xz --format=lzma -c in", "TAR, tar -c in", "AR, 'ar rc out in; cat out'", "ZIP, 'zip -q out.zip in; cat out.zip'",
        "CPIO,       'echo in | cpio -o -H newc'", "TAR, tar -c --format=gnu in", "TAR, tar -c --format=pax in",
        "BZIP2,      bzip2 -c </dev/null", "XZ, xz -c </dev/null", "GZIP, gzip -1c </dev/null", "LZMA, xz -9 --format=lzma -c in",
        "LZOP,       lzop -c in", "LZIP, lzip -c in", "SEVEN_ZIP, '7z a out.7z in >&2; cat out.7z'",
    })
    void whatToolsMakeIsTold(FileFormat format, String command) throws Exception {
        Files.writeString(directory.resolve("in"), "a disk of this content\n".repeat(500));
        String tool = command.replaceAll("^echo in \\| ", "").split(" ")[0];
        assumeTrue(run("command -v " + tool).length > 0, () -> "no " + tool + " here");
        assertEquals(Optional.of(format), of(run(command)));
    }

    private byte[] run(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", command).directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        byte[] output = process.getInputStream().readAllBytes();
        assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        return output;
    }

    @Test
    void aShortFileIsLookedAtAsFarAsItGoes() {
        assertEquals(Optional.empty(), of(new byte[0]));
        assertEquals(Optional.empty(), of(new byte[] {'Q', 'F'}));
        assertEquals(Optional.of(FileFormat.GZIP), of(new byte[] {0x1f, (byte) 0x8b, 8}));
        assertEquals(Optional.of(FileFormat.VHD), of(with(512, 0, "63 6f 6e 65 63 74 69 78")));
        assertEquals(Optional.of(FileFormat.VHD), of(with(511, 0, "63 6f 6e 65 63 74 69 78")));
    }

    @ParameterizedTest
    @EnumSource(FileFormat.class)
    void aCommandNamesTheFileAsAShellTakesIt(FileFormat format) {
        format.command("a b").ifPresent(command -> assertTrue(command.contains(" 'a b'"), command));
        format.command("disk").ifPresent(command -> assertTrue(command.contains(" disk"), command));
        assertTrue(format.description().matches("an? .+"), format.description());
    }

    @Test
    void aFixedVhdIsConvertedByNameSinceItsBeginningDoesNotTell() {
        assertEquals("qemu-img convert -f vpc -O raw d.vhd d.vhd.raw", FileFormat.VHD.command("d.vhd").orElseThrow());
    }

    @Test
    void aProgramForEfiIsToldByTheHeaderThatItPointsTo() {
        byte[] file = with(4096, 0, "4d 5a");
        file[0x3c] = (byte) 0x80;
        ascii(file, 0x80, "PE\0\0");
        assertEquals(Optional.of(FileFormat.PE), of(file));
        file[510] = 0x55;
        file[511] = (byte) 0xaa;
        assertEquals(Optional.empty(), of(file), "a disk may have both");
    }

    @Test
    void anNtfscloneImageIsNoDiskThatBeginsWithZero() {
        assertEquals(Optional.of(FileFormat.NTFSCLONE), of(with(4096, 1, "6e 74 66 73 63 6c 6f 6e 65 2d 69 6d 61 67 65")));
    }

    @Test
    void theFrameBehindASkippableOneTellsItsFormat() {
        byte[] file = with(4096, 0, "5e 2a 4d 18 04 00 00 00 01 02 03 04 04 22 4d 18");
        assertEquals(Optional.of(FileFormat.LZ4), of(file));
        file[12] = 0x28;
        assertEquals(Optional.of(FileFormat.ZSTD), of(file));
    }

    @Test
    void noBootSectorIsTakenForWhatHasFewMagicBytes() {
        for (String magic : new String[] {"c7 71 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 2e 00", "50 2a 4d 18",
            "5d 00 00 80 00 88 13 00 00 00 00 00 00", "60 ea 29 00 22 0b 01 02 00 00 02", "eb 00 2d 6c 68 35 2d"}) {
            byte[] file = with(4096, 0, magic);
            assertTrue(of(file).isPresent(), magic);
            file[510] = 0x55;
            file[511] = (byte) 0xaa;
            assertEquals(Optional.empty(), of(file), magic);
        }
    }

    @Test
    void aTarFromBeforePosixIsToldByItsChecksum() {
        byte[] head = new byte[FileFormat.HEAD_BYTES];
        ascii(head, 0, "notes.txt");
        ascii(head, 100, "0000644\0000000000\0000000000\00000000000014\00014712345670");
        ascii(head, 148, "        ");
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += head[i] & 0xff;
        }
        ascii(head, 148, String.format("%06o", sum) + "\0 ");
        assertEquals(Optional.of(FileFormat.TAR), of(head));
        head[0]++;
        assertEquals(Optional.empty(), of(head), "another checksum");
    }

    @Test
    void aVmdkDescriptorMayBeginWithBlankLinesAndOtherComments() {
        assertEquals(Optional.of(FileFormat.VMDK), of("\r\n# Disk DescriptorFile\r\nversion=1\r\n".getBytes(US_ASCII)));
        assertEquals(Optional.of(FileFormat.VMDK), of("# made by hand\n\nversion=3\nCID=0\n".getBytes(US_ASCII)));
        assertEquals(Optional.empty(), of("# notes\nversion 1 of the text\n".getBytes(US_ASCII)));
    }

    @Test
    void aCommandDoesNotTakeANameForAnOption() {
        assertEquals("gzip -dc ./-n.img > ./-n.img.raw", FileFormat.GZIP.command("-n.img").orElseThrow());
    }

    private static void ascii(byte[] into, int at, String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        System.arraycopy(bytes, 0, into, at, bytes.length);
    }
}
