package io.vmm4j.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileBlkBackendTest {

    private static final int LENGTH = 1 << 20;

    @TempDir
    private Path dir;
    private Path image;
    private final byte[] content = new byte[LENGTH];

    @BeforeEach
    void makeImage() throws IOException {
        new Random(3).nextBytes(content);
        image = Files.write(dir.resolve("disk.img"), content);
    }

    private static ByteBuffer[] views(int... lengths) {
        return Arrays.stream(lengths).mapToObj(ByteBuffer::allocateDirect).toArray(ByteBuffer[]::new);
    }

    @Test
    void scattersAReadOverItsViews() throws IOException {
        try (FileBlkBackend backend = FileBlkBackend.open(image, true)) {
            ByteBuffer[] views = views(100, 4096, 1, 7);
            backend.read(views, 3, 511);
            byte[] read = new byte[4197];
            int at = 0;
            for (int i = 0; i < 3; i++) {
                assertFalse(views[i].hasRemaining());
                views[i].flip().get(read, at, views[i].limit());
                at += views[i].limit();
            }
            assertArrayEquals(Arrays.copyOfRange(content, 511, 511 + 4197), read);
            assertEquals(0, views[3].position(), "the views behind count are left alone");
        }
    }

    @Test
    void gathersAWriteFromItsViews() throws IOException {
        try (FileBlkBackend backend = FileBlkBackend.open(image, false)) {
            ByteBuffer[] views = views(3, 5);
            backend.write(views, 2, 1000);
            backend.flush();
        }
        Arrays.fill(content, 1000, 1008, (byte) 0);
        assertArrayEquals(content, Files.readAllBytes(image));
    }

    @Test
    void readingPastTheEndIsAnError() throws IOException {
        try (FileBlkBackend backend = FileBlkBackend.open(image, true)) {
            assertThrows(EOFException.class, () -> backend.read(views(1024), 1, LENGTH - 512));
        }
    }

    @Test
    void aReadOnlyImageIsNotOpenedForWriting() throws IOException {
        try (FileBlkBackend backend = FileBlkBackend.open(image, true)) {
            assertThrows(NonWritableChannelException.class, () -> backend.write(views(512), 1, 0));
        }
        assertThrows(NoSuchFileException.class, () -> FileBlkBackend.open(dir.resolve("missing"), true));
    }

    @Test
    void capacityFollowsTheFile() throws IOException {
        try (FileBlkBackend backend = FileBlkBackend.open(image, true)) {
            assertEquals(LENGTH, backend.capacity());
            Files.write(image, new byte[512], StandardOpenOption.APPEND);
            assertEquals(LENGTH + 512, backend.capacity());
        }
    }

    @Test
    void zeroesAreWrittenWhereNothingCanBeDeallocated() throws IOException {
        try (FileBlkBackend backend = FileBlkBackend.open(image, false)) {
            assertFalse(backend.canDiscard());
            backend.writeZeroes(512, 600_000, true);
        }
        Arrays.fill(content, 512, 600_512, (byte) 0);
        assertArrayEquals(content, Files.readAllBytes(image));
    }

    @Test
    void holesArePunchedWhereAllowed() throws IOException {
        List<String> holes = new ArrayList<>();
        FileChannel channel = FileChannel.open(image, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try (FileBlkBackend backend = new FileBlkBackend(channel, "id", Optional.of((offset, length) -> holes.add(offset + "+" + length)))) {
            assertTrue(backend.canDiscard());
            backend.discard(0, 4096);
            backend.writeZeroes(4096, 512, true);
            backend.writeZeroes(8192, 512, false);
        }
        assertEquals(List.of("0+4096", "4096+512"), holes);
        Arrays.fill(content, 8192, 8704, (byte) 0);
        assertArrayEquals(content, Files.readAllBytes(image), "without leave to unmap, zeroes are written");
    }

    @Test
    void closingTwiceIsHarmless() throws IOException {
        FileBlkBackend backend = FileBlkBackend.open(image, true);
        backend.close();
        backend.close();
    }
}
