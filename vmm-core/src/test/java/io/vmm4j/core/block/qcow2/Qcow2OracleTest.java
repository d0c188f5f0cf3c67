package io.vmm4j.core.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.core.block.DiskModel;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random requests of ours and of QEMU's in turns on images that qemu-img made, against a model; qemu-img looks at them after each batch. */
final class Qcow2OracleTest {

    private static final int SIZE = (5 << 20) + 1536;
    private static final int BATCHES = 5;
    private static final int REQUESTS = 120;

    @TempDir
    private Path directory;
    private Path image;

    @BeforeEach
    void requireQemu() {
        Qemu.require();
        image = directory.resolve("disk.qcow2");
    }

    static BlkBackend open(Path image, boolean readOnly) throws IOException {
        return Qcow2Image.open(image, readOnly, false).toBackend(DiskBackend::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "-o compat=0.10", "-o cluster_size=512", "-o cluster_size=512,compat=0.10", "-o cluster_size=4k,lazy_refcounts=on",
        "-o cluster_size=2M", "-o refcount_bits=1,cluster_size=1k", "-o refcount_bits=2", "-o refcount_bits=4,cluster_size=512", "-o refcount_bits=8",
        "-o refcount_bits=32", "-o refcount_bits=64,cluster_size=512", "-o preallocation=metadata", "-o preallocation=full,cluster_size=8k",
        "-o preallocation=falloc", "-o compression_type=zstd"
    })
    void imagesThatQemuMadeAreReadAndWrittenAsQemuDoes(String options) throws IOException {
        Qemu.create(image, options, "" + SIZE);
        batches(new byte[SIZE], options.hashCode());
    }

    private void batches(byte[] content, long seed) throws IOException {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        DiskModel model = new DiskModel(content, random);
        for (int batch = 0; batch < BATCHES; batch++) {
            try (BlkBackend disk = open(image, false)) {
                assertEquals(content.length, disk.capacity());
                for (int i = 0; i < REQUESTS; i++) {
                    model.request(disk, 1 << random.nextInt(10, 19));
                    if (random.nextInt(16) == 0) {
                        disk.flush();
                    }
                }
                model.check(disk);
            }
            Qemu.check(image);
            assertArrayEquals(content, Qemu.content(image), () -> "seed " + seed);
            qemuWrites(random, content);
        }
        try (BlkBackend disk = open(image, true)) {
            model.check(disk);
        }
    }

    private void qemuWrites(Random random, byte[] content) throws IOException {
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int length = 512 * (1 + random.nextInt(200));
            int offset = 512 * random.nextInt((content.length - length) / 512);
            int pattern = random.nextInt(256);
            boolean isZero = random.nextInt(3) == 0;
            commands.add(isZero ? "write -z " + (random.nextBoolean() ? "-u " : "") + offset + " " + length
                    : "write -P " + pattern + " " + offset + " " + length);
            Arrays.fill(content, offset, offset + length, (byte) (isZero ? 0 : pattern));
        }
        Qemu.io(image, commands);
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2", "qcow2 -o compat=0.10"})
    void whatIsBehindAnImageIsSeenThroughItAndNotChanged(String format) throws IOException {
        byte[] content = new byte[SIZE];
        new Random(5).nextBytes(content);
        int shorter = 512 * 7001; // within a cluster, and before the end of the image
        byte[] base = Arrays.copyOf(content, shorter);
        Arrays.fill(base, 512 * 3000, 512 * 5000, (byte) 0);
        Path raw = Files.write(directory.resolve("base.raw"), base);
        Path behind = raw;
        if (!format.equals("raw")) {
            behind = directory.resolve("base.qcow2");
            Qemu.img("convert -q -f raw -O " + format, raw, behind);
        }
        byte[] before = Files.readAllBytes(behind);
        for (String options : List.of("", "-o cluster_size=1k", "-o cluster_size=2M", "-o compat=0.10")) {
            Files.deleteIfExists(image);
            // A relative name is one beside the image.
            Qemu.create(image, "-b " + behind.getFileName() + " -F " + format.split(" ")[0] + " " + options, "" + SIZE);
            batches(Arrays.copyOf(base, SIZE), options.hashCode() + 1);
            assertArrayEquals(before, Files.readAllBytes(behind));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-o compression_type=zstd", "-o cluster_size=4k", "-o cluster_size=2M,compression_type=zstd", "-o compat=0.10"})
    void compressedClustersAreReadAndWrittenOver(String options) throws IOException {
        byte[] content = new byte[SIZE];
        Random random = new Random(9);
        for (int at = 0; at < SIZE; at += 100) {
            Arrays.fill(content, at, Math.min(SIZE, at + 100), (byte) random.nextInt());
        }
        Path raw = Files.write(directory.resolve("base.raw"), content);
        Qemu.img(("convert -q -c -f raw -O qcow2 " + options).strip(), raw, image);
        batches(content, options.hashCode() + 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-o cluster_size=512", "-o cluster_size=2k,compat=0.10"})
    void directIoDoesTheSame(String options) throws IOException {
        Path base = Files.write(directory.resolve("base.raw"), new byte[5000 * 512]);
        Qemu.create(image, "-b " + base.getFileName() + " -F raw " + options, "" + SIZE);
        byte[] content = new byte[SIZE];
        DiskModel model = new DiskModel(content, new Random(3));
        for (int batch = 0; batch < 3; batch++) {
            try (BlkBackend disk = Qcow2Image.open(image, false, true).toBackend(DiskBackend::new)) {
                for (int i = 0; i < 60; i++) {
                    model.request(disk, 1 << 16);
                }
                model.check(disk);
            } catch (LinuxException e) {
                assumeTrue(e.errno() != Errno.EINVAL, "the file system of " + directory + " has no direct I/O");
                throw e;
            }
            Qemu.check(image);
            assertArrayEquals(content, Qemu.content(image));
        }
    }

    /** As a writer leaves them that had no time to count: refcounts of 0, of 2 and of what nothing refers to. */
    @ParameterizedTest
    @ValueSource(strings = {"-o lazy_refcounts=on", "-o lazy_refcounts=on,cluster_size=512", "-o lazy_refcounts=on,cluster_size=4k,refcount_bits=8"})
    void anImageLeftWithItsRefcountsBehindIsCountedAnew(String options) throws IOException {
        Qemu.create(image, options, "" + SIZE);
        byte[] content = new byte[SIZE];
        DiskModel model = new DiskModel(content, new Random(6));
        try (BlkBackend disk = open(image, false)) {
            for (int i = 0; i < 100; i++) {
                model.request(disk, 1 << 16);
            }
        }
        Qemu.check(image);
        long block = TestImage.get(image, TestImage.get(image, 48));
        int clusterBits = (int) TestImage.get(image, 16);
        TestImage.put(image, block + 24, 0);
        TestImage.put(image, block + 40, 0x0002_0002_0002_0002L);
        TestImage.put(image, block + (1L << clusterBits) - 8, 0x0101_0101_0101_0101L);
        TestImage.put(image, 72, 1);
        try (BlkBackend disk = open(image, true)) {
            model.check(disk);
        }
        assertEquals(1, TestImage.get(image, 72), "nothing is written to an image that is only read");
        try (BlkBackend disk = open(image, false)) {
            model.check(disk);
            for (int i = 0; i < 50; i++) {
                model.request(disk, 1 << 16);
            }
        }
        assertEquals(0, TestImage.get(image, 72));
        Qemu.check(image);
        assertArrayEquals(content, Qemu.content(image));
    }

    @Test
    void aChainOfImagesReadsAsOneDisk() throws IOException {
        byte[] content = new byte[SIZE];
        Random random = new Random(4);
        DiskModel model = new DiskModel(content, random);
        Path before = null;
        for (int depth = 0; depth < 8; depth++) {
            Path next = directory.resolve("level" + depth + ".qcow2");
            Qemu.create(next, before == null ? "" : "-b " + before.getFileName() + " -F qcow2", "" + SIZE);
            try (BlkBackend disk = open(next, false)) {
                for (int i = 0; i < 30; i++) {
                    model.request(disk, 1 << 17);
                }
                model.check(disk);
            }
            Qemu.check(next);
            before = next;
        }
        assertArrayEquals(content, Qemu.content(before));
    }
}
