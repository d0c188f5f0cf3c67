package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FdTest {
    @TempDir
    Path directory;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64);
    private final long address = LibC.address(buffer);

    private static ByteBuffer direct(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    @Test
    void openingAMissingFileNamesPathAndReason() {
        Path missing = directory.resolve("missing");
        LinuxException e = assertThrows(LinuxException.class, () -> Fd.open(missing, Fd.O_RDONLY));
        assertEquals("open(" + missing + "): No such file or directory (ENOENT)", e.getMessage());
        assertEquals(2, e.errno());
    }

    @Test
    void positionalWritesAndReadsMoveTheBytesAtTheOffset() throws Exception {
        try (Fd fd = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT)) {
            buffer.put(0, "hello".getBytes(StandardCharsets.US_ASCII));
            assertEquals(5, fd.pwrite(address, 5, 1000));
            assertEquals(1005, fd.stat().size());
            buffer.put(0, new byte[64]);
            assertEquals(5, fd.pread(address, 64, 1000), "short at the end of the file");
            assertEquals('h', buffer.get(0));
            assertEquals(0, fd.pread(address, 64, 1005), "0 at the end");
        }
    }

    @Test
    void offsetsBeyondFourGibibytesAreKept() throws Exception {
        long offset = (5L << 30) + 3;
        try (Fd fd = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT)) {
            IoVec vector = new IoVec(1);
            vector.add(direct("x"));
            assertEquals(1, fd.pwritev(vector, offset));
            assertEquals(offset + 1, fd.stat().size());
            assertEquals(1, fd.pread(address, 1, offset));
            assertEquals('x', buffer.get(0));
        }
    }

    @Test
    void vectoredCallsGatherAndScatter() throws Exception {
        try (Fd fd = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT)) {
            IoVec out = new IoVec(2);
            out.add(direct("abc"));
            out.add(direct("defg"));
            assertEquals(7, fd.pwritev(out, 0));
            assertEquals("abcdefg", Files.readString(directory.resolve("f")));
            IoVec in = new IoVec(2);
            in.add(buffer, 0, 2);
            in.add(buffer, 10, 5);
            assertEquals(7, fd.preadv(in, 0));
            assertEquals("ab", ascii(0, 2));
            assertEquals("cdefg", ascii(10, 5));
        }
    }

    @Test
    void aPlaceOfAVectorThatIsFilledAgainHasTheAddressOfWhatFillsItNow() throws Exception {
        ByteBuffer first = direct("abcdef");
        ByteBuffer second = direct("ghijkl");
        try (Fd fd = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT)) {
            IoVec vector = new IoVec(16);
            vector.add(first.position(4));
            vector.add(second.position(3));
            vector.clear();
            vector.add(second.position(1).limit(3));
            vector.add(first.position(0).limit(2));
            vector.add(first, 1, 1);
            for (int i = 0; i < 10; i++) {
                vector.add(i % 2 == 0 ? first : second); // beyond the places that are remembered too
            }
            fd.pwritev(vector, 0);
            assertEquals("hi" + "ab" + "b" + "abhiabhiabhiabhiabhi", Files.readString(directory.resolve("f")));
        }
    }

    @Test
    void aBufferThatWasReadHalfwayGivesItsOtherHalf() throws Exception {
        assertEquals(address, LibC.address(buffer.position(10)), "the address is that of byte 0");
        try (Fd fd = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT)) {
            IoVec vector = new IoVec(1);
            vector.add(direct("abcdef").position(2).limit(5));
            assertEquals(3, fd.pwritev(vector, 0));
            assertEquals("cde", Files.readString(directory.resolve("f")));
        }
    }

    @Test
    void aDirectorysLockHasOneHolderAndEndsWithIt() throws Exception {
        int flags = Fd.O_RDONLY | Fd.O_DIRECTORY | Fd.O_NOFOLLOW;
        try (Fd two = Fd.open(directory, flags)) {
            Fd one = Fd.open(directory, flags);
            assertTrue(one.tryLock());
            assertFalse(two.tryLock(), "the same process is no excuse");
            assertTrue(one.tryLock(), "the holder may ask again");
            one.close();
            assertTrue(two.tryLock());
        }
    }

    @Test
    void aLinkIsNotFollowedWhereThatIsAskedFor() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
        assertThrows(LinuxException.class, () -> Fd.open(link, Fd.O_RDONLY | Fd.O_DIRECTORY | Fd.O_NOFOLLOW));
    }

    @Test
    void aFileTellsItsOwnerAndWhoMayUseIt() throws Exception {
        Path file = Files.createFile(directory.resolve("f"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));
        try (Fd fd = Fd.open(file, Fd.O_PATH); Fd other = Fd.open(directory, Fd.O_PATH)) {
            assertEquals(Files.getAttribute(file, "unix:uid"), fd.stat().uid());
            assertEquals(ProcessCalls.geteuid(), fd.stat().uid());
            assertEquals(0751, fd.stat().permissions());
            assertTrue(fd.stat().isSameFile(fd.stat()) && !fd.stat().isSameFile(other.stat()));
            assertFalse(fd.stat().isSocket());
        }
    }

    @Test
    void aFileIsMovedOnlyToANameThatIsFree() throws Exception {
        Path from = Files.writeString(directory.resolve("from"), "one");
        Path taken = Files.writeString(directory.resolve("taken"), "two");
        assertEquals(Errno.EEXIST, assertThrows(LinuxException.class, () -> FileName.moveUnlessExists(from, taken)).errno());
        assertEquals("two", Files.readString(taken));
        FileName.moveUnlessExists(from, directory.resolve("free"));
        assertEquals("one", Files.readString(directory.resolve("free")));
        assertFalse(Files.exists(from));
    }

    @Test
    void twoDirectoriesChangeNamesInOneStep() throws Exception {
        Path one = Files.createDirectory(directory.resolve("one"));
        Path other = Files.createDirectory(directory.resolve("other"));
        Files.createFile(one.resolve("of-one"));
        try {
            FileName.exchange(one, other);
        } catch (LinuxException e) {
            assumeTrue(e.errno() != Errno.EINVAL, "this file system does not exchange names");
            throw e;
        }
        assertTrue(Files.exists(other.resolve("of-one")) && !Files.exists(one.resolve("of-one")));
        assertEquals(Errno.ENOENT, assertThrows(LinuxException.class, () -> FileName.exchange(one, directory.resolve("none"))).errno());
    }

    @Test
    void aDirectoryCanBeSynced() throws Exception {
        try (Fd fd = Fd.open(directory, Fd.O_RDONLY | Fd.O_DIRECTORY)) {
            fd.sync();
        }
        Fd closed = Fd.open(directory, Fd.O_RDONLY | Fd.O_DIRECTORY);
        closed.close();
        assertEquals(Errno.EBADF, assertThrows(LinuxException.class, closed::sync).errno());
    }

    private String ascii(int offset, int length) {
        byte[] bytes = new byte[length];
        buffer.get(offset, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    @Test
    void skippingLeavesTheRestOfAVector() throws Exception {
        try (Fd fd = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT)) {
            IoVec vector = new IoVec(3);
            vector.add(direct("ab"));
            vector.add(direct("cde"));
            vector.add(direct("f"));
            vector.skip(3);
            assertEquals(3, vector.totalLength());
            assertEquals(2, vector.count());
            fd.writev(vector);
            assertEquals("def", Files.readString(directory.resolve("f")));
            vector.skip(3);
            assertEquals(0, vector.count());
        }
    }

    @Test
    void aFullVectorRefusesMore() {
        IoVec vector = new IoVec(1);
        vector.add(buffer);
        assertThrows(IllegalStateException.class, () -> vector.add(buffer));
        assertThrows(IndexOutOfBoundsException.class, () -> new IoVec(1).add(buffer, 60, 5));
        assertThrows(IllegalArgumentException.class, () -> new IoVec(1).add(ByteBuffer.allocate(1)));
    }

    @Test
    void punchedHolesReadAsZeroAndFreeTheirBlocks() throws Exception {
        Path path = Files.write(directory.resolve("f"), filled(1 << 16));
        try (Fd fd = Fd.open(path, Fd.O_RDWR)) {
            fd.dataSync();
            long before = fd.stat().blocks();
            assumeTrue(supported(() -> fd.punchHole(4096, 32768)), "no holes on this file system");
            assertTrue(fd.stat().blocks() < before, "blocks must go back");
            byte[] expected = filled(1 << 16);
            java.util.Arrays.fill(expected, 4096, 4096 + 32768, (byte) 0);
            assertArrayEquals(expected, Files.readAllBytes(path));
        }
    }

    @Test
    void zeroedRangesDoNotGrowTheFile() throws Exception {
        Path path = Files.write(directory.resolve("f"), filled(8192));
        try (Fd fd = Fd.open(path, Fd.O_RDWR)) {
            assumeTrue(supported(() -> fd.zeroRange(4096, 8192)), "no zero ranges on this file system");
            byte[] expected = filled(8192);
            java.util.Arrays.fill(expected, 4096, 8192, (byte) 0);
            assertArrayEquals(expected, Files.readAllBytes(path));
        }
    }

    private interface Call {
        void run() throws LinuxException;
    }

    private static boolean supported(Call call) throws LinuxException {
        try {
            call.run();
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EOPNOTSUPP) {
                return false;
            }
            throw e;
        }
    }

    private static byte[] filled(int size) {
        byte[] bytes = new byte[size];
        java.util.Arrays.fill(bytes, (byte) 'z');
        return bytes;
    }

    @Test
    void statTellsTypesApart() throws Exception {
        Path path = Files.write(directory.resolve("f"), new byte[10]);
        try (Fd file = Fd.open(path, Fd.O_RDONLY); Fd dir = Fd.open(directory, Fd.O_RDONLY | Fd.O_DIRECTORY);
                Fd device = Fd.open(Path.of("/dev/null"), Fd.O_RDWR)) {
            assertTrue(file.stat().isRegularFile());
            assertEquals(10, file.stat().size());
            assertEquals(Files.getAttribute(path, "unix:ino"), file.stat().inode());
            assertEquals(Files.getAttribute(path, "unix:dev"), file.stat().device());
            assertTrue(dir.stat().isDirectory());
            assertTrue(device.stat().isCharacterDevice());
            assertFalse(device.stat().isBlockDevice());
            assertEquals(0x103, device.stat().specialDevice(), "/dev/null is 1:3");
        }
    }

    @Test
    void pollSaysWhetherThereIsSomethingToRead() throws Exception {
        EventFd event = EventFd.create();
        try (Fd fd = Fd.of(event.fd())) {
            assertEquals(0, fd.poll(Fd.POLLIN, 0));
            event.signal();
            assertEquals(Fd.POLLIN, fd.poll(Fd.POLLIN, -1));
        }
    }

    @Test
    void nonBlockingReadsOfNothingWouldBlock() throws Exception {
        try (Fd fd = Fd.of(EventFd.create().fd())) {
            assertEquals(Fd.WOULD_BLOCK, fd.read(address, 8));
        }
    }

    @Test
    void directIoTakesAlignedMemory() throws Exception {
        Path path = Files.write(directory.resolve("f"), filled(8192));
        try (Mapping mapping = Mapping.anonymous(4096)) {
            assumeTrue(supportedDirect(path), "no O_DIRECT on this file system");
            try (Fd fd = Fd.open(path, Fd.O_RDWR | Fd.O_DIRECT)) {
                assertEquals(4096, fd.pread(mapping.address(), 4096, 4096));
                assertEquals('z', mapping.buffer(0, 4096).get(4095));
            }
        }
    }

    private static boolean supportedDirect(Path path) throws LinuxException {
        try (Fd fd = Fd.open(path, Fd.O_RDWR | Fd.O_DIRECT)) {
            return fd.value() >= 0;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EINVAL) {
                return false;
            }
            throw e;
        }
    }

    @Test
    void aRegularFileHasNoBlockDeviceSize() throws Exception {
        try (Fd fd = Fd.open(Files.createFile(directory.resolve("f")), Fd.O_RDONLY)) {
            LinuxException e = assertThrows(LinuxException.class, fd::blockDeviceSize);
            assertEquals("ioctl(BLKGETSIZE64): Inappropriate ioctl for device (ENOTTY)", e.getMessage());
        }
    }

    @Test
    void callsAfterCloseFailWithBadDescriptor() throws Exception {
        Fd fd = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT);
        fd.close();
        fd.close();
        assertEquals(-1, fd.value());
        assertEquals(Errno.EBADF, assertThrows(LinuxException.class, () -> fd.write(address, 1)).errno());
    }

    @Test
    void descriptorsAreNotInheritedByChildren() throws Exception {
        try (Fd fd = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT)) {
            assertEquals(1, LibC.fcntl(fd.value(), 1, 0), "F_GETFD must say FD_CLOEXEC");
        }
    }

    @Test
    void errnoTextsNameTheError() {
        assertEquals("No such file or directory (ENOENT)", Errno.message(2));
        assertEquals("Device or resource busy (EBUSY)", Errno.message(16));
        assertEquals("Unknown error (errno 4095)", Errno.message(4095));
    }

    @Test
    void namesReachTheKernelInTheEncodingTheyWereReadIn() {
        Charset ours = Charset.forName(System.getProperty("sun.jnu.encoding"));
        assertArrayEquals("K\u00fcche".getBytes(ours), NativeStruct.encode("K\u00fcche"));
    }

    @Test
    void aDuplicateSharesTheOffset() throws Exception {
        Path file = directory.resolve("shared");
        try (Fd first = Fd.open(file, Fd.O_RDWR | Fd.O_CREAT); Fd second = Fd.duplicate(first.value())) {
            NativeStruct data = NativeStruct.allocate(4);
            assertEquals(4, first.write(data.address(), 4));
            assertEquals(2, second.write(data.address(), 2));
            assertEquals(6, first.stat().size());
            assertTrue(first.stat().isSameFile(second.stat()) && first.stat().isRegularFile() && !first.stat().isPipe());
        }
    }

    @Test
    void appendingGoesToWhatIsTheEndThen() throws Exception {
        Path file = directory.resolve("appended");
        try (Fd fd = Fd.open(file, Fd.O_WRONLY | Fd.O_CREAT | Fd.O_APPEND)) {
            NativeStruct data = NativeStruct.allocate(4);
            fd.write(data.address(), 4);
            fd.truncate(0);
            fd.write(data.address(), 2);
            assertEquals(2, fd.stat().size());
        }
    }
}
