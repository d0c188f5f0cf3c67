package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
        disk = new DiskBackend(DiskFile.open(image, false, false));
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

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestsOfAnyShapeReadAndWriteWhatTheyShould(boolean direct) throws IOException {
        if (direct) {
            reopenDirect();
        }
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

    private void reopenDirect() throws IOException {
        disk.close();
        try {
            disk = new DiskBackend(DiskFile.open(image, false, true));
        } catch (LinuxException e) {
            assumeTrue(e.errno() != Errno.EINVAL, "the file system of " + directory + " has no direct I/O");
            throw e;
        }
    }

    @Test
    void directIoReadsPastTheEndOfAnImageThatShrankAsAnError() throws IOException {
        reopenDirect();
        try (FileChannel other = FileChannel.open(image, StandardOpenOption.WRITE)) {
            other.truncate(LENGTH / 2 + 188);
        }
        assertThrows(EOFException.class, () -> disk.read(pieces(1024), 1, LENGTH / 2));
        assertThrows(EOFException.class, () -> disk.read(new ByteBuffer[] {ByteBuffer.allocateDirect(8192).alignedSlice(4096)}, 1, LENGTH / 2));
    }

    @Test
    void directIoOnBlocksLargerThanASectorKeepsTheirOtherSectors() throws IOException {
        reopenDirect();
        try (DiskFile coarse = DiskFile.open(Files.write(directory.resolve("other.img"), content), false, true, 4096)) {
            Transfer transfer = new Transfer(coarse);
            ByteBuffer sector = ByteBuffer.allocateDirect(512);
            transfer.write(new ByteBuffer[] {sector}, 1, 4096 + 1024);
            Arrays.fill(content, 5120, 5632, (byte) 0);
            ByteBuffer many = ByteBuffer.allocateDirect(600_064);
            transfer.write(new ByteBuffer[] {many}, 1, 8192 + 512);
            Arrays.fill(content, 8704, 8704 + 600_064, (byte) 0);
            ByteBuffer all = ByteBuffer.allocateDirect(LENGTH - 512);
            transfer.read(new ByteBuffer[] {all}, 1, 512);
            byte[] read = new byte[LENGTH - 512];
            all.flip().get(read);
            assertArrayEquals(Arrays.copyOfRange(content, 512, LENGTH), read);
        }
        assertArrayEquals(content, Files.readAllBytes(directory.resolve("other.img")));
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
        try (DiskBackend readOnly = new DiskBackend(DiskFile.open(image, true, false))) {
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
