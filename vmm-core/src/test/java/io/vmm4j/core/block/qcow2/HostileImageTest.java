package io.vmm4j.core.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files whose headers and tables are not what a writer of images would leave. Clusters of 16 KiB: header, refcount table, block, L1 table. */
final class HostileImageTest {

    private static final int CLUSTER = 1 << 14;
    private static final long REFCOUNT_TABLE = CLUSTER;
    private static final long REFCOUNT_BLOCK = 2 * CLUSTER;
    private static final long L1 = 3 * CLUSTER;
    private static final long COPIED = 1L << 63;

    @TempDir
    private Path directory;
    private Path image;

    @BeforeEach
    void makeImage() throws IOException {
        image = TestImage.empty(directory, 64 << 20);
    }

    private String refusal(boolean readOnly) {
        return assertThrows(Qcow2Exception.class, () -> TestImage.open(image, readOnly)).getMessage();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "4 | 4 | is a qcow image of version 4: only 2 and 3 are supported",
        "4 | 1 | is a qcow image of version 1: only 2 and 3 are supported",
        "20 | 8 | has clusters of 2^8 bytes, which is not in 2^9..2^21",
        "20 | 22 | has clusters of 2^22 bytes, which is not in 2^9..2^21",
        "20 | -1 | has clusters of 2^4294967295 bytes, which is not in 2^9..2^21",
        "32 | 1 | is encrypted (method 1), which is not supported",
        "36 | 0 | has an L1 table of 0 entries, too few for 67108864 bytes",
        "36 | 4194305 | has an L1 table of 4194305 entries, above 4194304",
        "36 | 100000 | has its L1 table at byte 49152, which is not within the file",
        "44 | 49153 | has its L1 table at byte 49153, which is not within the file",
        "52 | 1 | has its refcount table at byte 1, which is not within the file",
        "56 | 0 | has a refcount table of 0 clusters, which is not in 1..512",
        "56 | 513 | has a refcount table of 513 clusters, which is not in 1..512",
        "76 | 4 | has its data in an external file, which is not supported",
        "76 | 16 | has subclusters (extended_l2), which are not supported",
        "76 | 256 | has incompatible features 0x100, which are not known",
        "28 | 100 | is a disk of 100 bytes, which is not a multiple of 512",
        "24 | -1 | is a disk of 18446744069481693184 bytes, which is not a multiple of 512",
        "96 | 7 | has refcounts of 2^7 bits",
        "100 | 20 | has a header of 20 bytes",
        "100 | 1000000 | has a header of 1000000 bytes",
        "108 | 100000 | has a header extension at byte 104 of 100000 bytes, which is not within its header"
    })
    void headersThatCannotBeAreRefusedByName(int offset, int value, String message) throws IOException {
        TestImage.putInt(image, offset, value);
        assertEquals(message, refusal(true));
        assertEquals(message, refusal(false));
    }

    @Test
    void whatIsNoImageIsRefused() throws IOException {
        for (byte[] bytes : new byte[][] {{}, {'Q', 'F', 'I', (byte) 0xfb}, new byte[512], Arrays.copyOf(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}, 40)}) {
            Files.write(image, bytes);
            assertEquals("is not a qcow2 image", refusal(true));
        }
    }

    @Test
    void anImageThatIsCorruptOrHasSnapshotsIsReadOnlyAndSaysHowToMendThat() throws IOException {
        TestImage.putInt(image, 76, 2);
        assertTrue(refusal(false).startsWith("is marked corrupt, and so only to be read: `qemu-img check -r all "));
        TestImage.open(image, true).close();
        TestImage.putInt(image, 76, 0);
        TestImage.putInt(image, 60, 2);
        assertTrue(refusal(false).startsWith("has 2 internal snapshots, and so is only to be read: "));
        TestImage.open(image, true).close();
    }

    /** Where the first cluster of the disk is said to be. */
    private void pointFirstClusterAt(long host) throws IOException {
        long table = 4 * CLUSTER;
        TestImage.put(image, L1, table | COPIED);
        TestImage.put(image, table, host | COPIED);
        TestImage.put(image, 5 * CLUSTER, 0);
        TestImage.put(image, REFCOUNT_BLOCK + 2 * 4, 0x0001_0000_0000_0000L);
    }

    @ParameterizedTest
    @CsvSource({"0x0000", "0x4000", "0x8000", "0xc000", "0x10000"})
    void aClusterThatIsOneOfTheTablesIsNotWritten(String place) throws IOException {
        long host = Long.decode(place);
        pointFirstClusterAt(host);
        if (host == 0) {
            TestImage.put(image, 4 * CLUSTER, 0x8000_0000_0000_0000L); // offset 0 is absent: nothing to be written over
        }
        byte[] before = Arrays.copyOfRange(Files.readAllBytes(image), 80, 5 * CLUSTER);
        try (BlkBackend disk = TestImage.open(image, false)) {
            if (host != 0) {
                assertThrows(Qcow2Exception.class, () -> disk.write(TestImage.bytes(512, 7), 1, 0));
                assertThrows(Qcow2Exception.class, () -> disk.write(TestImage.bytes(512, 7), 1, 1 << 20), "nothing is written any more");
                assertThrows(IOException.class, disk::flush);
            }
        }
        byte[] after = Arrays.copyOfRange(Files.readAllBytes(image), 80, 5 * CLUSTER);
        assertArrayEquals(before, after);
        assertEquals(host == 0 ? 0 : 2, TestImage.get(image, 72), "marked corrupt");
    }

    @ParameterizedTest
    @CsvSource({"0x4000", "0x8000", "0xc000", "0x10000", "0x10000000"})
    void aClusterThatIsOneOfTheTablesIsNotFreed(String place) throws IOException {
        pointFirstClusterAt(Long.decode(place));
        long before = TestImage.get(image, REFCOUNT_BLOCK);
        try (BlkBackend disk = TestImage.open(image, false)) {
            assertThrows(Qcow2Exception.class, () -> disk.discard(0, CLUSTER));
            assertThrows(IOException.class, disk::flush, "nothing is written any more");
        }
        assertEquals(before, TestImage.get(image, REFCOUNT_BLOCK));
        assertEquals(2, TestImage.get(image, 72), "marked corrupt");
    }

    @Test
    void anImageWithTwoTablesInOnePlaceIsOnlyRead() throws IOException {
        pointFirstClusterAt(5 * CLUSTER);
        TestImage.put(image, L1 + 8, 4 * CLUSTER | COPIED);
        assertTrue(refusal(false).startsWith("has two tables at byte 65536, and so is only to be read: "));
        TestImage.open(image, true).close();
        TestImage.put(image, L1 + 8, REFCOUNT_BLOCK | COPIED);
        assertTrue(refusal(false).startsWith("has two tables at byte 32768, "));
    }

    @Test
    void aCountThatIsNegativeAsASignedNumberIsOneOfManyReferences() throws IOException {
        TestImage.putInt(image, 96, 6); // 64 bits
        for (int cluster = 0; cluster < 4; cluster++) {
            TestImage.put(image, REFCOUNT_BLOCK + 8 * cluster, 1);
        }
        pointFirstClusterAt(5 * CLUSTER);
        TestImage.put(image, REFCOUNT_BLOCK + 8, 1);
        TestImage.put(image, REFCOUNT_BLOCK + 8 * 4, 1);
        TestImage.put(image, REFCOUNT_BLOCK + 8 * 5, -3);
        try (BlkBackend disk = TestImage.open(image, false)) {
            disk.discard(0, CLUSTER);
            disk.flush();
            disk.flush();
            disk.write(TestImage.bytes(512, 7), 1, 1 << 20);
        }
        assertEquals(-4, TestImage.get(image, REFCOUNT_BLOCK + 8 * 5), "one fewer, and not free");
    }

    @ParameterizedTest
    @CsvSource({"0x14200", "0x7ffffffffffe00", "0x10000000"})
    void aClusterOutsideTheFileIsAnErrorOfThatClusterOnly(String place) throws IOException {
        pointFirstClusterAt(Long.decode(place));
        try (BlkBackend disk = TestImage.open(image, true)) {
            assertThrows(Qcow2Exception.class, () -> disk.read(TestImage.bytes(512, 7), 1, 0));
            disk.read(TestImage.bytes(512, 7), 1, CLUSTER);
        }
    }

    @Test
    void anL2TableOutsideTheFileIsAnError() throws IOException {
        for (long entry : new long[] {1L << 40, 0x8000_0000_0000_0200L, 0x4000_0000_0001_0000L}) {
            TestImage.put(image, L1, entry);
            try (BlkBackend disk = TestImage.open(image, false)) {
                assertThrows(Qcow2Exception.class, () -> disk.read(TestImage.bytes(512, 7), 1, 0));
            }
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aClusterThatIsSaidToBeFreeAndIsATableIsNotTaken() throws IOException {
        for (int cluster : new int[] {0, 1, 2, 3}) {
            makeImage();
            long counts = REFCOUNT_BLOCK + 2 * cluster;
            long bits = TestImage.get(image, counts & -8);
            TestImage.put(image, counts & -8, bits & ~(0xffffL << 48 - 16 * cluster));
            try (BlkBackend disk = TestImage.open(image, false)) {
                assertThrows(Qcow2Exception.class, () -> disk.write(TestImage.bytes(512, 7), 1, 0), "cluster " + cluster);
            }
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aRefcountTableWithoutABlockForTheHeaderDoesNotMakeThatOne() throws IOException {
        TestImage.put(image, REFCOUNT_TABLE, 0);
        assertTablesStay();
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aRefcountTableWithoutABlockForItselfDoesNotBecomeThatOne() throws IOException {
        long counts = CLUSTER / 2;
        long table = counts * CLUSTER;
        for (long at = 0; at < CLUSTER; at += Long.BYTES) {
            TestImage.put(image, REFCOUNT_BLOCK + at, 0x0001_0001_0001_0001L);
        }
        TestImage.put(image, table, REFCOUNT_BLOCK);
        TestImage.put(image, table + CLUSTER - Long.BYTES, 0);
        TestImage.put(image, 48, table);
        assertTablesStay();
        assertEquals(REFCOUNT_BLOCK, TestImage.get(image, table));
    }

    private void assertTablesStay() throws IOException {
        byte[] before = Arrays.copyOfRange(Files.readAllBytes(image), 80, 4 * CLUSTER);
        long magic = TestImage.get(image, 0);
        try (BlkBackend disk = TestImage.open(image, false)) {
            assertThrows(Qcow2Exception.class, () -> disk.write(TestImage.bytes(512, 7), 1, 0));
        }
        assertEquals(magic, TestImage.get(image, 0));
        assertArrayEquals(before, Arrays.copyOfRange(Files.readAllBytes(image), 80, 4 * CLUSTER));
        assertEquals(2, TestImage.get(image, 72), "marked corrupt");
    }

    @Test
    void aRefcountTableThatPointsToItselfOrOutsideEndsInAnError() throws IOException {
        for (long entry : new long[] {REFCOUNT_TABLE + 512, 1L << 45, 0x1ff}) {
            makeImage();
            TestImage.put(image, REFCOUNT_TABLE, entry);
            try (BlkBackend disk = TestImage.open(image, false)) {
                assertThrows(Qcow2Exception.class, () -> disk.write(TestImage.bytes(512, 7), 1, 0));
            }
        }
    }

    @Test
    void compressedClustersOfAnyBytesAreErrors() throws IOException {
        for (int type = 0; type < 2; type++) {
            makeImage();
            if (type == 1) {
                TestImage.putInt(image, 76, 8);
                TestImage.putInt(image, 100, 112);
                TestImage.put(image, 104, 1L << 56);
            }
            pointFirstClusterAt(0);
            for (long entry : new long[] {1L << 62 | CLUSTER, 1L << 62 | 0x3fff_ffff_ffff_ffffL, 1L << 62 | 5 * CLUSTER, 1L << 62 | 1L << 40}) {
                TestImage.put(image, 4 * CLUSTER, entry);
                try (BlkBackend disk = TestImage.open(image, true)) {
                    String failure = assertThrows(Qcow2Exception.class, () -> disk.read(TestImage.bytes(512, 7), 1, 0)).getMessage();
                    assertEquals(entry == (1L << 62 | 1L << 40), failure.equals("a compressed cluster is at byte 1099511627776, behind the end of the file"));
                }
            }
        }
    }

    @Test
    void anImageBehindItselfIsRefusedAndALongChainToo() throws IOException {
        Files.delete(image);
        Path other = directory.resolve("other.qcow2");
        Qcow2Overlay.create(image, 1 << 20, other, false);
        Qcow2Overlay.create(other, 1 << 20, image, false);
        assertEquals("has a chain of backing files that comes back to where it was", refusal(true));
        Path before = TestImage.empty(directory, 1 << 20);
        for (int i = 0; i < 64; i++) {
            Path next = directory.resolve("level" + i);
            Qcow2Overlay.create(next, 1 << 20, before, false);
            before = next;
        }
        image = before;
        assertEquals("has a chain of more than 64 images", refusal(true));
    }

    @Test
    void aBackingFileWhoseFormatIsNotSaidOrNotKnownIsRefused() throws IOException {
        Path base = Files.write(directory.resolve("base"), new byte[512]);
        Files.delete(image);
        Qcow2Overlay.create(image, 1 << 20, base, true);
        TestImage.putInt(image, 104, 0x12345678);
        assertEquals("does not say what its backing file " + base + " is: `qemu-img rebase -u -b " + base + " -F FORMAT " + image
                + "` does, with FORMAT raw or qcow2", refusal(true));
        TestImage.putInt(image, 104, 0xe2792aca);
        TestImage.putInt(image, 112, 0x76646900);
        assertTrue(refusal(true).startsWith("has "), "a format with a zero in it");
    }

    /** A guest's disk that begins as an image does is what the image before says it is. */
    @Test
    void aRawBackingFileIsNotLookedAt() throws IOException {
        Path base = directory.resolve("base.raw");
        Files.copy(image, base);
        Path overlay = directory.resolve("overlay.qcow2");
        Qcow2Overlay.create(overlay, Files.size(base), base, true);
        try (BlkBackend disk = TestImage.open(overlay, true)) {
            var read = TestImage.bytes(512, 0);
            disk.read(read, 1, 0);
            assertEquals(0x514649fb, read[0].getInt(0), "the bytes of the file");
        }
    }

    @Test
    void aDirectoryOrAPipeBehindAnImageIsRefused() throws IOException {
        Files.delete(image);
        Qcow2Overlay.create(image, 1 << 20, directory, true);
        assertEquals("has behind it " + directory + ", which is neither a file nor a block device", refusal(true));
    }
}
