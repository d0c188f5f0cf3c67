package io.vmm4j.core.block.qcow2;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;

/** Any bytes in the header and the tables of an image, and requests to it: errors are told, and what there is stays within bounds. */
final class Qcow2FuzzTest {

    private static final int SIZE = 4 << 20;
    private static final long MOST_BYTES = 256L << 20;

    private Path directory;

    @AfterEach
    void deleteImage() throws IOException {
        if (directory != null) {
            Files.deleteIfExists(directory.resolve("made.qcow2"));
            Files.delete(directory);
        }
    }

    @FuzzTest
    void qcow2(byte[] bytes) throws IOException {
        if (directory == null) {
            directory = Files.createTempDirectory("vmm4j-fuzz");
        }
        ByteProgram program = new ByteProgram(bytes);
        Path image = TestImage.empty(directory, SIZE);
        try (BlkBackend disk = TestImage.open(image, false)) {
            requests(disk, program);
        }
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            for (int patches = program.below(12); patches > 0; patches--) {
                // Header, refcount table, block, L1 table, and the first L2 tables.
                long table = program.of(0, 0, 1, 2, 3, 4, 5, program.below(16)) * (1L << 14);
                file.seek(table + (program.flag() ? program.below(128) : 8 * program.below(64)));
                switch (program.below(3)) {
                    case 0 -> file.writeByte(program.u8());
                    case 1 -> file.writeLong((long) program.of(0, 1, 2, 3, 4, 5, 6, 7, 200) << 14 | (program.flag() ? 1L << 63 : 0) | program.below(2));
                    default -> file.writeLong(program.number());
                }
            }
        }
        try (BlkBackend disk = TestImage.open(image, false)) {
            requests(disk, program);
        } catch (IOException e) {
            // Told, and no more.
        }
        Assertions.assertTrue(Files.size(image) < MOST_BYTES, "the file is within bounds");
    }

    private static void requests(BlkBackend disk, ByteProgram program) throws IOException {
        long sectors = disk.capacity() / 512;
        for (int count = program.below(16); count > 0; count--) {
            int length = 512 * (1 + program.below(256));
            long at = 512 * Math.min(program.flag() ? program.u8() : program.below(8192), sectors - 1);
            if (at + length > disk.capacity()) {
                continue;
            }
            try {
                switch (program.below(5)) {
                    case 0 -> disk.read(TestImage.bytes(length, 0), 1, at);
                    case 1 -> disk.write(TestImage.bytes(length, 1), 1, at);
                    case 2 -> disk.writeZeroes(at, length, program.flag());
                    case 3 -> disk.discard(at, length);
                    default -> disk.flush();
                }
            } catch (IOException e) {
                // The guest is told.
            }
        }
    }
}
