package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MemoryOverlayTest {

    /** Not a whole number of blocks. */
    private static final int LENGTH = (1 << 20) + 512;

    @TempDir
    private Path directory;
    private Path image;
    private final byte[] content = new byte[LENGTH];

    @BeforeEach
    void makeBase() throws IOException {
        new Random(3).nextBytes(content);
        image = Files.write(directory.resolve("base.img"), content);
    }

    private BlkBackend base() throws IOException {
        return new DiskBackend(DiskFile.open(image, true, false));
    }

    private static ByteBuffer[] one(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return new ByteBuffer[] {ByteBuffer.allocateDirect(length).put(bytes).flip()};
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void randomRequestsDoWhatTheyWouldToADiskOfItsOwn(long seed) throws IOException {
        DiskModel model = new DiskModel(content.clone(), new Random(seed));
        try (MemoryOverlay overlay = new MemoryOverlay(base())) {
            for (int i = 0; i < 1500; i++) {
                model.request(overlay, 48 << 10);
            }
            model.check(overlay);
        }
        assertArrayEquals(content, Files.readAllBytes(image), "the base is as it was");
    }

    @Test
    void aHundredOverlaysOnOneBaseKnowNothingOfEachOther() throws IOException {
        SharedDisk shared = new SharedDisk(base());
        List<MemoryOverlay> overlays = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            overlays.add(new MemoryOverlay(shared.lease()));
            overlays.get(i).write(one(512, i), 1, 512L * i);
        }
        shared.close();
        for (int i = 0; i < 100; i++) {
            byte[] expected = content.clone();
            Arrays.fill(expected, 512 * i, 512 * i + 512, (byte) i);
            new DiskModel(expected, new Random(5)).check(overlays.get(i));
            overlays.get(i).close();
        }
        assertThrows(IllegalStateException.class, shared::lease, "closed with the last");
        DiskFile.open(image, false, false).close(); // its lock is free
    }

    @Test
    void anOverlayMayStandOnAnOverlay() throws IOException {
        DiskModel model = new DiskModel(content.clone(), new Random(8));
        BlkBackend disk = base();
        for (int depth = 0; depth < 5; depth++) {
            disk = new MemoryOverlay(disk);
            for (int i = 0; i < 60; i++) {
                model.request(disk, 20 << 10);
            }
        }
        model.check(disk);
        disk.close();
    }

    @Test
    void aSharedDiskIsNotWritten() throws IOException {
        try (SharedDisk shared = new SharedDisk(base()); BlkBackend lease = shared.lease()) {
            assertThrows(IOException.class, () -> lease.write(one(512, 1), 1, 0));
            assertThrows(IOException.class, () -> lease.writeZeroes(0, 512, true));
            assertThrows(IOException.class, () -> lease.discard(0, 512));
            assertEquals(LENGTH, lease.capacity());
        }
    }

    @Test
    void changesAreToldInOrderInWholeBlocksAndForgottenByAReset() throws IOException {
        try (MemoryOverlay overlay = new MemoryOverlay(base())) {
            overlay.write(one(512, 1), 1, LENGTH - 512);
            overlay.write(one(8192, 2), 1, 4096 * 3);
            overlay.writeZeroes(4096 * 5 + 512, 512, false);
            overlay.discard(4096 * 200 + 1024, 8192);
            assertEquals(List.of("12288+12288", "823296+4096", "1048576+512"), changes(overlay));
            overlay.reset();
            assertEquals(List.of(), changes(overlay));
            new DiskModel(content, new Random(1)).check(overlay);
        }
    }

    private static List<String> changes(MemoryOverlay overlay) throws IOException {
        List<String> changes = new ArrayList<>();
        overlay.visitChanges((offset, length) -> changes.add(offset + "+" + length));
        return changes;
    }

    @Test
    void discardedBlocksTakeNoMemory() throws IOException {
        try (MemoryOverlay overlay = new MemoryOverlay(base())) {
            long before = sharedMemory();
            overlay.write(one(LENGTH, 7), 1, 0);
            assertTrue(sharedMemory() - before >= LENGTH / 1024 - 64, "written to memory");
            overlay.discard(0, LENGTH);
            new DiskModel(new byte[LENGTH], new Random(1)).check(overlay);
            assertTrue(sharedMemory() - before < LENGTH / 2048, "given back");
        }
    }

    /** KiB that this process' memfds hold. */
    private static long sharedMemory() throws IOException {
        long total = 0;
        try (var entries = Files.list(Path.of("/proc/self/fd"))) {
            for (Path entry : entries.toList()) {
                if (Files.exists(entry) && Files.readSymbolicLink(entry).toString().startsWith("/memfd:overlay")) {
                    // stat(2)'s blocks of what the descriptor is open on: there is no attribute for them.
                    Process stat = new ProcessBuilder("stat", "-L", "-c", "%b", "/proc/" + ProcessHandle.current().pid() + "/fd/"
                            + entry.getFileName()).start();
                    total += Long.parseLong(new String(stat.getInputStream().readAllBytes()).strip()) / 2;
                }
            }
        }
        return total;
    }

    @Test
    void aDiskOfEightTebibytesTakesWhatIsWrittenOnly() throws IOException {
        try (BlkBackend huge = new MemoryOverlay(new MemoryOverlay(new DiskBackend(DiskFile.inMemory("huge", 8L << 40))))) {
            huge.write(one(1024, 9), 1, (8L << 40) - 1024);
            ByteBuffer[] back = one(4096, 0);
            huge.read(back, 1, (8L << 40) - 4096);
            assertEquals(0, back[0].get(3071));
            assertEquals(9, back[0].get(3072));
        }
    }

    @Test
    void rangesBeyondTheEndAreRefused() throws IOException {
        try (MemoryOverlay overlay = new MemoryOverlay(base())) {
            assertThrows(IOException.class, () -> overlay.write(one(1024, 1), 1, LENGTH - 512));
            assertThrows(IOException.class, () -> overlay.read(one(512, 1), 1, LENGTH));
            assertThrows(IOException.class, () -> overlay.discard(0, Long.MAX_VALUE));
            assertThrows(IOException.class, () -> overlay.writeZeroes(-512, 512, true));
        }
    }

    /** Sectors of one block come from different queues at once, its whole from a third. */
    @Test
    void queuesThatWriteSectorsOfOneBlockLoseNothing() throws Exception {
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (MemoryOverlay overlay = new MemoryOverlay(base())) {
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Future<Object>> ends = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int mine = t;
                Callable<Object> writer = () -> {
                    for (int block = 0; block < 256; block++) {
                        start.await();
                        overlay.write(one(1024, mine + 1), 1, 4096L * block + 1024L * mine);
                    }
                    return null;
                };
                ends.add(pool.submit(writer));
            }
            for (Future<Object> end : ends) {
                end.get();
            }
            byte[] expected = content.clone();
            for (int at = 0; at < 1 << 20; at++) {
                expected[at] = (byte) (at / 1024 % 4 + 1);
            }
            new DiskModel(expected, new Random(1)).check(overlay);
        } finally {
            pool.shutdownNow();
        }
    }

    /** The block that a sector is read of comes here by another queue meanwhile: what is in front of the buffer stays as it is. */
    @Test
    void aReaderIsGivenWhatItAskedForWhileTheBlockComesHere() throws Exception {
        int blocks = 1 << 14;
        Path large = directory.resolve("large.img");
        try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength(4096L * blocks);
        }
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try (MemoryOverlay overlay = new MemoryOverlay(new DiskBackend(DiskFile.open(large, true, false)))) {
            AtomicInteger next = new AtomicInteger();
            Future<Object> writer = pool.submit(() -> {
                for (int block = 0; block < blocks; block++) {
                    while (next.get() < block) {
                        Thread.onSpinWait();
                    }
                    overlay.write(one(4096, 1), 1, 4096L * block);
                }
                return null;
            });
            ByteBuffer buffer = ByteBuffer.allocateDirect(8192);
            for (int block = 0; block < blocks; block++) {
                next.set(block);
                for (int i = 0; i < 3; i++) {
                    overlay.read(new ByteBuffer[] {buffer.limit(4608).position(4096)}, 1, 4096L * block + 3584);
                    assertEquals(0, buffer.getLong(4096 - Long.BYTES), "block " + block);
                }
            }
            writer.get();
        } finally {
            pool.shutdownNow();
        }
    }
}
