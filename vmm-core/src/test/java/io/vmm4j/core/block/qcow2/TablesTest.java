package io.vmm4j.core.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.block.DiskBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of tables when the file fails, and when clusters may be used again. */
final class TablesTest {

    private static final int CLUSTER = 1 << 14;

    @TempDir
    private Path directory;
    private Path path;
    private FaultyDisk file;
    private Qcow2Image image;
    private Qcow2Backend disk;

    @BeforeEach
    void makeImage() throws IOException {
        open(TestImage.empty(directory, 4L << 30));
    }

    private void open(Path made) throws IOException {
        path = made;
        image = Qcow2Image.open(path, false, false, new BackingChain(), opened -> file = new FaultyDisk(opened));
        disk = (Qcow2Backend) image.toBackend(DiskBackend::new);
    }

    @AfterEach
    void closeImage() throws IOException {
        disk.close();
    }

    private void write(long cluster) throws IOException {
        disk.write(TestImage.bytes(CLUSTER, (int) cluster + 1), 1, cluster * CLUSTER);
    }

    private void check() throws IOException {
        disk.close();
        if (Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
            Qemu.check(path);
        }
    }

    private long host(long cluster) throws IOException {
        return (image.tables().map.entry(cluster) & Qcow2Constants.OFFSET_MASK) / CLUSTER;
    }

    @Test
    void aSyncThatBeganBeforeClustersWereLetGoDoesNotFreeThem() throws IOException {
        write(0);
        write(1);
        disk.flush();
        long second = host(1);
        disk.discard(0, CLUSTER);
        long slow = disk.writeTables();
        long fast = disk.writeTables();
        disk.unlinkedIsSynced(fast);
        disk.discard(CLUSTER, CLUSTER);
        long later = disk.writeTables();
        disk.unlinkedIsSynced(slow);
        assertEquals(1, image.tables().refcounts.get(second), "the table without it may not be on the disk yet");
        disk.unlinkedIsSynced(later);
        assertEquals(0, image.tables().refcounts.get(second));
    }

    @Test
    void aTableThatFindsNoRoomCostsNoCluster() throws IOException {
        write(0);
        disk.flush();
        long other = (long) CLUSTER / 8; // has another L2 table
        for (int i = 0; i < 3; i++) {
            file.fails = offset -> offset > 4L * CLUSTER;
            assertThrows(IOException.class, () -> write(other));
            file.fails = offset -> false;
        }
        write(other);
        write(0);
        check();
    }

    @Test
    void aRefcountTableThatCannotMoveStaysWhereItIs() throws IOException {
        disk.close();
        Qemu.require();
        Path made = directory.resolve("small.qcow2");
        Qemu.create(made, "-o cluster_size=512,refcount_bits=64", "64M"); // a table of 512 bytes counts 2 MiB
        open(made);
        long before = image.tables().refcounts.tableOffset();
        byte[] expected = new byte[64 << 20];
        int written = 0;
        int failed = 0;
        for (int at = 0; at < expected.length / 4; at += 65536) {
            // What is moved goes behind all that is there.
            int length = at;
            file.fails = offset -> offset > image.file().length() - (1 << 20) && length % 3 > 0;
            try {
                disk.write(TestImage.bytes(65536, at >> 16), 1, at);
                Arrays.fill(expected, at, at + 65536, (byte) (at >> 16));
                written++;
            } catch (IOException e) {
                failed++;
            }
        }
        file.fails = offset -> false;
        for (int at = 0; at < expected.length / 4; at += 65536) {
            disk.write(TestImage.bytes(65536, at >> 16), 1, at);
            Arrays.fill(expected, at, at + 65536, (byte) (at >> 16));
        }
        assertTrue(failed > 0 && written > 0, failed + " writes failed of " + (failed + written));
        assertFalse(before == image.tables().refcounts.tableOffset());
        check();
        assertEquals(-1, Arrays.mismatch(expected, Qemu.content(made)));
    }

    @Test
    void readsGoOnWhenNoTableCanBeWritten() throws IOException {
        disk.close();
        Qemu.require();
        Path made = directory.resolve("small.qcow2");
        Qemu.create(made, "-o cluster_size=512", "256M"); // an L2 table, and slice of the cache, finds 32 KiB
        open(made);
        for (long at = 0; at < 256 << 20; at += 32768) {
            disk.write(TestImage.bytes(512, (int) (at >> 15)), 1, at);
        }
        assertTrue(image.tables().map.isDirty());
        image.tables().damaged();
        for (int round = 0; round < 2; round++) {
            for (long at = 0; at < 256 << 20; at += 32768) {
                ByteBuffer[] found = TestImage.bytes(512, 99);
                disk.read(found, 1, at);
                assertEquals((byte) (at >> 15), found[0].get(511));
            }
        }
    }
}
