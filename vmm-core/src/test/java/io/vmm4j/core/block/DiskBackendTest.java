package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.kvm.libc.Fd;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against files of the host's temporary directory. */
final class DiskBackendTest {

    private static final int LENGTH = 1 << 20;

    @TempDir
    private Path directory;
    private Path image;
    private final byte[] content = new byte[LENGTH];
    private DiskBackend disk;

    @BeforeEach
    void openImage() throws IOException {
        new Random(7).nextBytes(content);
        image = Files.write(directory.resolve("disk.img"), content);
        disk = new DiskBackend(DiskFile.open(image, false));
    }

    @AfterEach
    void closeImage() {
        disk.close();
    }

    private long allocatedBytes() throws IOException {
        try (Fd fd = Fd.open(image, Fd.O_RDONLY)) {
            return fd.stat().blocks() * 512;
        }
    }

    /** Pieces of these lengths, each at a place in memory of its own. */
    private static ByteBuffer[] pieces(int... lengths) {
        ByteBuffer[] views = new ByteBuffer[lengths.length];
        for (int i = 0; i < lengths.length; i++) {
            views[i] = ByteBuffer.allocateDirect(lengths[i] + 3).position(3);
        }
        return views;
    }

    @Test
    void requestsOfAnyShapeReadAndWriteWhatTheyShould() throws IOException {
        Random random = new Random(11);
        for (int round = 0; round < 200; round++) {
            int count = 1 + random.nextInt(5);
            ByteBuffer[] views = new ByteBuffer[count];
            int length = 0;
            for (int i = 0; i < count; i++) {
                int part = 512 * random.nextInt(20);
                views[i] = ByteBuffer.allocateDirect(part + 1).position(1);
                length += part;
            }
            int offset = 512 * random.nextInt((LENGTH - length) / 512);
            byte[] data = new byte[length];
            if (random.nextBoolean()) {
                random.nextBytes(data);
                ByteBuffer source = ByteBuffer.wrap(data);
                for (ByteBuffer view : views) {
                    source.limit(source.position() + view.remaining());
                    view.put(source).position(1);
                }
                disk.write(views, count, offset);
                System.arraycopy(data, 0, content, offset, length);
            } else {
                disk.read(views, count, offset);
                ByteBuffer target = ByteBuffer.wrap(data);
                for (ByteBuffer view : views) {
                    assertFalse(view.hasRemaining());
                    target.put(view.position(1));
                }
                assertArrayEquals(Arrays.copyOfRange(content, offset, offset + length), data);
            }
        }
        assertArrayEquals(content, Files.readAllBytes(image));
    }

    @Test
    void aRequestOfMorePiecesThanOneCallTakesIsWhole() throws IOException {
        ByteBuffer[] views = pieces(new int[700]);
        for (int i = 0; i < views.length; i++) {
            views[i] = ByteBuffer.allocateDirect(512);
        }
        disk.read(views, views.length, 1024);
        for (int i = 0; i < views.length; i++) {
            byte[] piece = new byte[512];
            views[i].flip().get(piece);
            assertArrayEquals(Arrays.copyOfRange(content, 1024 + i * 512, 1536 + i * 512), piece, "piece " + i);
        }
    }

    @Test
    void readingPastTheEndIsAnErrorThatSaysWhere() throws IOException {
        try (FileChannel other = FileChannel.open(image, StandardOpenOption.WRITE)) {
            other.truncate(LENGTH / 2);
        }
        IOException error = assertThrows(EOFException.class, () -> disk.read(pieces(1024), 1, LENGTH / 2 - 512));
        assertEquals("the image ends before byte " + LENGTH / 2, error.getMessage());
    }

    @Test
    void aDiscardGivesBlocksBackToTheHost() throws IOException {
        assumeTrue(disk.canDiscard(), "the file system of " + directory + " punches no holes");
        disk.flush();
        long before = allocatedBytes();
        disk.discard(LENGTH / 4, LENGTH / 2);
        assertEquals(before - LENGTH / 2, allocatedBytes());
        assertEquals(LENGTH, disk.capacity());
    }

    @Test
    void zeroedRangesReadAsZeroesAndGiveTheirSpaceBackOnlyIfTheyMay() throws IOException {
        disk.writeZeroes(512, 200_192, false);
        Arrays.fill(content, 512, 512 + 200_192, (byte) 0);
        disk.flush();
        long before = allocatedBytes();
        assertTrue(before >= LENGTH, "nothing was given back");
        disk.writeZeroes(LENGTH / 2, LENGTH / 4, true);
        Arrays.fill(content, LENGTH / 2, LENGTH * 3 / 4, (byte) 0);
        assertArrayEquals(content, Files.readAllBytes(image));
        if (disk.canDiscard()) {
            assertEquals(before - LENGTH / 4, allocatedBytes());
        }
    }

    @Test
    void aDriveThatIsOnlyReadDoesNotOfferToDiscard() throws IOException {
        disk.close();
        try (DiskBackend readOnly = new DiskBackend(DiskFile.open(image, true))) {
            assertFalse(readOnly.canDiscard());
        }
    }

    @Test
    void theIdentityIsDeviceAndInode() throws IOException {
        var numbers = Files.readAttributes(image, "unix:dev,rdev,ino");
        assertEquals("" + numbers.get("dev") + numbers.get("rdev") + numbers.get("ino"), disk.id());
    }

    @Test
    void capacityFollowsTheFile() throws IOException {
        Files.write(image, new byte[512], StandardOpenOption.APPEND);
        assertEquals(LENGTH + 512, disk.capacity());
    }
}
