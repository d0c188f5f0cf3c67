package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ForkedDiskTest {

    private static final int LENGTH = (1 << 20) + 512;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    @TempDir
    private Path directory;
    private Path image;
    private final byte[] content = new byte[LENGTH];

    @BeforeEach
    void makeImage() throws IOException {
        new Random(3).nextBytes(content);
        image = Files.write(directory.resolve("base.img"), content);
    }

    private ForkedDisk fork() throws IOException {
        return new ForkedDisk(new SharedDisk(new DiskBackend(DiskFile.open(image, true, false))));
    }

    private static void write(BlkBackend disk, int block, int value) throws IOException {
        disk.write(new ByteBuffer[] {ByteBuffer.allocateDirect(512).put(0, (byte) value)}, 1, 4096L * block);
    }

    private static int read(BlkBackend disk, int block) throws IOException {
        ByteBuffer[] buffer = {ByteBuffer.allocateDirect(512)};
        disk.read(buffer, 1, 4096L * block);
        return buffer[0].get(0);
    }

    private static int read(SharedDisk disk, int block) throws IOException {
        try (BlkBackend lease = disk.lease()) {
            return read(lease, block);
        }
    }

    /** Memory files of overlays that this process has open. */
    private static long overlays() throws IOException {
        try (Stream<Path> open = Files.list(DESCRIPTORS)) {
            return open.filter(ForkedDiskTest::isOverlay).count();
        }
    }

    private static boolean isOverlay(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().contains("memfd:overlay");
        } catch (IOException e) {
            return false; // that of the list itself
        }
    }

    @Test
    void aFreezeThatIsNotCommittedLeavesTheDiskAndItsEarlierSnapshotAsTheyWere() throws IOException {
        long before = overlays();
        try (ForkedDisk disk = fork()) {
            write(disk, 1, 11);
            try (SharedDisk first = disk.freeze().commit()) {
                write(disk, 1, 12);
                disk.freeze().close();
                assertEquals(12, read(disk, 1));
                disk.reset(false);
                assertEquals(11, read(disk, 1), "as at the snapshot that was taken");
                assertEquals(11, read(first, 1));
                disk.freeze().close();
                disk.reset(true);
                assertEquals(content[4096], read(disk, 1), "as at the start");
            }
        }
        assertEquals(before, overlays());
    }

    @Test
    void aFreezeWithoutWritesSinceTheLastMakesNothing() throws IOException {
        try (ForkedDisk disk = fork()) {
            List<SharedDisk> frozen = new ArrayList<>();
            frozen.add(disk.freeze().commit());
            write(disk, 1, 11);
            frozen.add(disk.freeze().commit());
            long then = overlays();
            for (int i = 0; i < 100; i++) {
                frozen.add(disk.freeze().commit());
            }
            assertEquals(then, overlays());
            assertEquals(content[4096], read(frozen.get(0), 1));
            assertEquals(11, read(frozen.get(100), 1));
            write(disk, 1, 12);
            assertEquals(11, read(frozen.get(100), 1), "it is not the disk's any more");
            for (SharedDisk each : frozen) {
                each.close();
            }
        }
    }

    @Test
    void manySnapshotsOneAfterTheOtherAreFewOverlaysAndEachReadsAsTheDiskWas() throws IOException {
        long before = overlays();
        long seed = System.nanoTime();
        DiskModel model = new DiskModel(content.clone(), new Random(seed));
        try (ForkedDisk disk = fork()) {
            SharedDisk last = null;
            for (int i = 0; i < 100; i++) {
                for (int j = 0; j < 3; j++) {
                    model.request(disk, 20 << 10);
                }
                SharedDisk next = disk.freeze().commit();
                if (last != null) {
                    last.close();
                }
                last = next;
                assertTrue(last.depth() <= ForkedDisk.DEPTH_MAX, "depth " + last.depth());
                try (BlkBackend lease = last.lease()) {
                    model.check(lease);
                }
                if (i % 10 == 9) {
                    model.request(disk, 20 << 10);
                    model.check(disk);
                }
            }
            assertTrue(overlays() - before <= ForkedDisk.DEPTH_MAX + 1, "overlays: " + (overlays() - before) + ", seed " + seed);
            last.close();
        }
        assertEquals(before, overlays());
    }

    @Test
    void forksOfForksOfForksAreFewOverlaysToo() throws IOException {
        long before = overlays();
        SharedDisk at = new SharedDisk(new DiskBackend(DiskFile.open(image, true, false)));
        for (int i = 0; i < 60; i++) {
            try (ForkedDisk disk = new ForkedDisk(at)) {
                write(disk, i, i);
                at = disk.freeze().commit();
            }
            assertTrue(at.depth() <= ForkedDisk.DEPTH_MAX, "depth " + at.depth());
        }
        for (int i = 0; i < 60; i++) {
            assertEquals(i, read(at, i));
        }
        at.close();
        assertEquals(before, overlays());
    }

    @Test
    void earlierSnapshotsStayWhenLaterOnesBecomeOne() throws IOException {
        List<SharedDisk> frozen = new ArrayList<>();
        try (ForkedDisk disk = fork()) {
            for (int i = 0; i < 30; i++) {
                write(disk, 7, i + 1);
                frozen.add(disk.freeze().commit());
            }
        }
        for (int i = 0; i < 30; i++) {
            assertEquals(i + 1, read(frozen.get(i), 7));
            frozen.get(i).close();
        }
    }
}
