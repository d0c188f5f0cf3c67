package io.vmm4j.core.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several queues at once, each with every fourth sector of its own and a part of the disk of its own. */
final class Qcow2ConcurrencyTest {

    private static final int THREADS = 4;
    private static final int SHARED = 1 << 20;
    private static final int OWN = 1 << 20;
    private static final int SIZE = SHARED + THREADS * OWN;

    @TempDir
    private Path directory;

    @Test
    void queuesThatUseOneImageAtOnceLoseNothing() throws Exception {
        byte[] expected = new byte[SIZE];
        new Random(1).nextBytes(expected);
        Path base = Files.write(directory.resolve("base.img"), expected);
        Path image = directory.resolve("disk.qcow2");
        Qcow2Overlay.create(image, SIZE, base, true);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try (BlkBackend disk = TestImage.open(image, false)) {
            List<Future<Object>> ends = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int mine = t;
                Callable<Object> queue = () -> {
                    use(disk, expected, mine);
                    return null;
                };
                ends.add(pool.submit(queue));
            }
            for (Future<Object> end : ends) {
                end.get();
            }
        } finally {
            pool.shutdownNow();
        }
        try (BlkBackend disk = TestImage.open(image, true)) {
            assertArrayEquals(expected, read(disk, 0, SIZE));
        }
        if (Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
            Qemu.check(image);
        }
    }

    private static void use(BlkBackend disk, byte[] expected, int mine) throws IOException {
        Random random = new Random(mine);
        for (int i = 0; i < 1500; i++) {
            int sector = random.nextInt(SHARED / 512 / THREADS) * THREADS + mine;
            byte[] data = new byte[512];
            random.nextBytes(data);
            disk.write(new ByteBuffer[] {ByteBuffer.allocateDirect(512).put(data).flip()}, 1, sector * 512L);
            System.arraycopy(data, 0, expected, sector * 512, 512);
            assertArrayEquals(data, read(disk, sector * 512L, 512));
            useOwn(disk, expected, SHARED + mine * OWN, random);
        }
    }

    private static void useOwn(BlkBackend disk, byte[] expected, int begin, Random random) throws IOException {
        int length = 512 * (1 + random.nextInt(120));
        int at = begin + 512 * random.nextInt((OWN - length) / 512);
        switch (random.nextInt(6)) {
            case 0 -> {
                disk.writeZeroes(at, length, random.nextBoolean());
                Arrays.fill(expected, at, at + length, (byte) 0);
            }
            case 1 -> {
                disk.discard(at, length);
                byte[] now = read(disk, at, length);
                System.arraycopy(now, 0, expected, at, length);
            }
            case 2 -> {
                if (random.nextInt(10) == 0) {
                    disk.flush();
                }
            }
            default -> {
                ByteBuffer data = TestImage.bytes(length, random.nextInt())[0];
                data.get(0, expected, at, length);
                disk.write(new ByteBuffer[] {data}, 1, at);
            }
        }
        assertEquals(-1, Arrays.mismatch(Arrays.copyOfRange(expected, at, at + length), read(disk, at, length)));
    }

    private static byte[] read(BlkBackend disk, long at, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(length);
        disk.read(new ByteBuffer[] {target}, 1, at);
        byte[] bytes = new byte[length];
        target.clear().get(bytes);
        return bytes;
    }
}
