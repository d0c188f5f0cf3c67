package io.vmm4j.core.share;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.virtio.fs.FileServer;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What a guest's kernel asks of a shared folder, against what is on the host then. */
final class ShareServerTest {

    private static final int EPERM = 1;
    private static final int ENOENT = 2;
    private static final int EBADF = 9;
    private static final int EAGAIN = 11;
    private static final int EEXIST = 17;
    private static final int EXDEV = 18;
    private static final int EINVAL = 22;
    private static final int EROFS = 30;
    private static final int ENOSYS = 38;
    private static final int ESTALE = 116;
    private static final int O_RDWR = 2;
    private static final int O_WRONLY = 1;
    private static final int O_EXCL = 0x80;
    private static final int O_APPEND = 0x400;
    private static final int WRITE = 1;
    private static final int UNLOCK = 2;

    @TempDir
    private Path directory;

    private static void assertRefused(int errno, Executable call) {
        assertEquals(errno, assertThrows(FuseGuest.Refused.class, call).errno);
    }

    private String mode(String name) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name)));
    }

    @Test
    void whatTheGuestMakesIsOnTheHost() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long sub = guest.mkdir(1, "sub", 0750).node();
            long file = guest.create(sub, "file", O_RDWR, 0640);
            assertEquals(5, guest.write(file, 0, "hello".getBytes(StandardCharsets.UTF_8)));
            guest.release(file);
            guest.symlink(sub, "link", "file");
            guest.link(guest.lookup(sub, "file").node(), 1, "second");
            guest.mknod(1, "pipe", 0x1000 | 0622, 0);
        }
        assertEquals("hello", Files.readString(directory.resolve("sub/file")));
        assertEquals("file", Files.readSymbolicLink(directory.resolve("sub/link")).toString());
        assertTrue(Files.isSameFile(directory.resolve("second"), directory.resolve("sub/file")));
        assertEquals("rwxr-x---", mode("sub"));
        assertEquals("rw-r-----", mode("second"));
        assertEquals("rw--w--w-", mode("pipe"));
        assertTrue(Files.readAttributes(directory.resolve("pipe"), BasicFileAttributes.class).isOther());
    }

    @Test
    void whatTheHostMakesTheGuestFinds() throws Exception {
        Files.writeString(directory.resolve("there"), "content");
        Files.createSymbolicLink(directory.resolve("way"), Path.of("/etc/passwd"));
        try (FuseGuest guest = FuseGuest.on(directory)) {
            FuseGuest.Attr there = guest.lookup(1, "there");
            assertEquals(7, there.size());
            assertEquals((Long) Files.getAttribute(directory.resolve("there"), "unix:ino"), there.inode());
            long handle = guest.open(there.node(), 0);
            assertEquals("tent", new String(guest.read(handle, 3, 100), StandardCharsets.UTF_8));
            assertEquals(0, guest.read(handle, 7, 100).length);
            assertRefused(EBADF, () -> guest.write(handle, 0, new byte[1]));
            assertEquals("/etc/passwd", guest.readlink(guest.lookup(1, "way").node()));
            assertRefused(ENOENT, () -> guest.lookup(1, "elsewhere"));
        }
    }

    @Test
    void aMebibyteGoesBothWaysInOneRequest() throws Exception {
        byte[] data = new byte[1 << 20];
        new Random(1).nextBytes(data);
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "big", O_RDWR, 0600);
            assertEquals(data.length, guest.write(handle, 4096, data));
            assertArrayEquals(data, guest.read(handle, 4096, data.length));
        }
        byte[] all = Files.readAllBytes(directory.resolve("big"));
        assertArrayEquals(data, Arrays.copyOfRange(all, 4096, all.length));
    }

    @Test
    void attributesChange() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "file", O_WRONLY, 0600);
            guest.write(handle, 0, new byte[100]);
            long node = guest.lookup(1, "file").node();
            assertEquals(40, guest.setattr(node, 8, 40, 0, 0, 0).size());
            assertEquals(0100444, guest.setattr(node, 1, 0, 0444, 0, 0).mode());
            ByteBuffer times = FuseGuest.args(88).putInt(0, 16 | 32).putLong(32, 1_000_000_000L).putLong(40, 1_234_567_890L);
            guest.call(4, node, times, 104);
            assertEquals(1_234_567_890L, Files.getLastModifiedTime(directory.resolve("file")).toMillis() / 1000);
            guest.call(4, node, FuseGuest.args(88).putInt(0, 32 | 256), 104);
            assertTrue(guest.getattr(node).mtime() > 1_600_000_000L);
            assertEquals("r--r--r--", mode("file"));
        }
    }

    @Test
    void setUidBitsAndDevicesAreForPrivilegedFolders() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            guest.create(1, "made", O_RDWR, 06755);
            assertEquals(0100755, guest.lookup(1, "made").mode());
            assertEquals(0100755, guest.setattr(guest.lookup(1, "made").node(), 1, 0, 06755, 0, 0).mode());
            assertEquals(0100644, guest.mknod(1, "node", 0x8000 | 06644, 0).mode());
            assertRefused(EPERM, () -> guest.mknod(1, "null", 0x2000 | 0666, 0x103));
            assertRefused(EPERM, () -> guest.mknod(1, "disk", 0x6000 | 0666, 0x800));
            assertRefused(EPERM, () -> setXattr(guest, guest.lookup(1, "made").node(), "security.capability", new byte[20]));
        }
        try (FuseGuest guest = new FuseGuest(ShareConfig.of(directory.toString(), "t").withPrivileged(true))) {
            assertEquals(0106755, guest.setattr(guest.lookup(1, "made").node(), 1, 0, 06755, 0, 0).mode());
        }
    }

    @Test
    void aSetUidProgramThatTheHostHasLosesItsBitsWhenAGuestWritesToIt() throws Exception {
        Files.writeString(directory.resolve("program"), "old");
        Files.setAttribute(directory.resolve("program"), "unix:mode", 0106755);
        Files.writeString(directory.resolve("cut"), "old");
        Files.setAttribute(directory.resolve("cut"), "unix:mode", 0104755);
        try (FuseGuest guest = FuseGuest.on(directory)) {
            assertEquals(0106755, guest.lookup(1, "program").mode());
            guest.write(guest.open(guest.lookup(1, "program").node(), O_WRONLY), 0, new byte[1]);
            guest.setattr(guest.lookup(1, "cut").node(), 8, 0, 0, 0, 0);
            assertEquals(0100755, guest.lookup(1, "program").mode());
            assertEquals(0100755, guest.lookup(1, "cut").mode());
        }
    }

    @Test
    void whatIsMadeBelongsToWhoAsksWhereTheProcessIsRoot() throws Exception {
        assumeTrue(ProcessCalls.geteuid() == 0, "not root");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));
        try (FuseGuest guest = FuseGuest.on(directory)) {
            guest.uid = 1234;
            guest.gid = 4321;
            assertEquals(1234, guest.mkdir(1, "dir", 0700).uid());
            assertEquals(4321, guest.symlink(1, "link", "x").gid());
            guest.create(1, "file", O_RDWR, 0666);
            FuseGuest.Attr file = guest.lookup(1, "file");
            assertEquals(1234, file.uid());
            assertEquals(0100666, file.mode());
            assertEquals(99, guest.setattr(file.node(), 2, 0, 0, 99, 0).uid());
            guest.uid = 0;
            guest.gid = 0;
            assertEquals(0, guest.mkdir(1, "roots", 0700).uid());
        }
        assertEquals(4321, Files.getAttribute(directory.resolve("dir"), "unix:gid"));
    }

    private static void setXattr(FuseGuest guest, long node, String name, byte[] value) throws FuseGuest.Refused {
        byte[] text = FuseGuest.name(name);
        guest.call(21, node, FuseGuest.args(8 + text.length + value.length).putInt(value.length).putInt(0).put(text).put(value), 0);
    }

    @Test
    void attributesOfTheUsersAreKeptWithTheFile() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            guest.create(1, "file", O_RDWR, 0600);
            long node = guest.lookup(1, "file").node();
            try {
                setXattr(guest, node, "user.colour", "blue".getBytes(StandardCharsets.UTF_8));
            } catch (FuseGuest.Refused e) {
                assumeTrue(e.errno != 95, "the host's file system has no attributes of users");
                throw e;
            }
            byte[] name = FuseGuest.name("user.colour");
            assertEquals(4, guest.call(22, node, FuseGuest.args(8 + name.length).putInt(0).putInt(0).put(name), 8).getInt(0));
            assertEquals("blue", StandardCharsets.UTF_8.decode(guest.call(22, node, FuseGuest.args(8 + name.length).putInt(10).putInt(0).put(name), 10)).toString());
            assertRefused(34, () -> guest.call(22, node, FuseGuest.args(8 + name.length).putInt(3).putInt(0).put(name), 10));
            assertEquals("user.colour\0", StandardCharsets.UTF_8.decode(guest.call(23, node, FuseGuest.args(8).putInt(100), 100)).toString());
            guest.call(24, node, FuseGuest.named("user.colour"), 0);
            assertRefused(61, () -> guest.call(22, node, FuseGuest.args(8 + name.length).putInt(10).putInt(0).put(name), 10));
            assertRefused(95, () -> setXattr(guest, node, "system.posix_acl_access", new byte[4]));
        }
    }

    @Test
    void aReadOnlyFolderTakesNoChange() throws Exception {
        Files.writeString(directory.resolve("file"), "as it was");
        Files.createDirectory(directory.resolve("sub"));
        try (FuseGuest guest = new FuseGuest(ShareConfig.of(directory.toString(), "t").withReadOnly(true))) {
            long file = guest.lookup(1, "file").node();
            long handle = guest.open(file, 0);
            assertEquals("as it was", new String(guest.read(handle, 0, 100), StandardCharsets.UTF_8));
            assertRefused(EROFS, () -> guest.open(file, O_RDWR));
            assertRefused(EROFS, () -> guest.open(file, 0x200));
            assertRefused(EBADF, () -> guest.write(handle, 0, new byte[1]));
            assertRefused(EROFS, () -> guest.create(1, "new", O_RDWR, 0600));
            assertRefused(EROFS, () -> guest.mkdir(1, "new", 0700));
            assertRefused(EROFS, () -> guest.mknod(1, "new", 0x8000, 0));
            assertRefused(EROFS, () -> guest.symlink(1, "new", "x"));
            assertRefused(EROFS, () -> guest.link(file, 1, "new"));
            assertRefused(EROFS, () -> guest.unlink(1, "file"));
            assertRefused(EROFS, () -> guest.rmdir(1, "sub"));
            assertRefused(EROFS, () -> guest.rename(1, "file", 1, "new", 0));
            assertRefused(EROFS, () -> guest.setattr(file, 8, 0, 0, 0, 0));
            assertRefused(EROFS, () -> guest.setattr(file, 1, 0, 0777, 0, 0));
            assertRefused(EROFS, () -> setXattr(guest, file, "user.x", new byte[1]));
            assertRefused(EROFS, () -> guest.call(34, file, FuseGuest.args(8).putInt(2), 0));
            assertRefused(EBADF, () -> guest.call(43, file, FuseGuest.args(32).putLong(handle).putLong(0).putLong(10), 0));
        }
        assertEquals("as it was", Files.readString(directory.resolve("file")));
    }

    @Test
    void renamesWithTheirFlags() throws Exception {
        Files.writeString(directory.resolve("a"), "a");
        Files.writeString(directory.resolve("b"), "b");
        try (FuseGuest guest = FuseGuest.on(directory)) {
            assertRefused(EEXIST, () -> guest.rename(1, "a", 1, "b", 1));
            guest.rename(1, "a", 1, "b", 2);
            assertEquals("b", Files.readString(directory.resolve("a")));
            guest.rename(1, "a", 1, "b", 0);
            assertFalse(Files.exists(directory.resolve("a")));
            assertEquals("b", Files.readString(directory.resolve("b")));
            assertRefused(EINVAL, () -> guest.rename(1, "b", 1, "c", 4));
        }
    }

    @Test
    void aThousandNamesAreListedWhole() throws Exception {
        for (int i = 0; i < 1000; i++) {
            Files.createFile(directory.resolve("file-" + i));
        }
        try (FuseGuest guest = FuseGuest.on(directory)) {
            assertEquals(1002, guest.list(1, false).size());
            Map<String, Long> plus = guest.list(1, true);
            assertEquals(1002, plus.size());
            assertEquals(0, plus.get(".."));
            long node = plus.get("file-17");
            assertEquals(guest.lookup(1, "file-17").node(), node);
            assertEquals(1001, guest.server.known());
            guest.forget(node, 1);
            assertEquals(0100000, guest.getattr(node).mode() & 0170000);
            guest.forget(node, 1);
            assertRefused(ESTALE, () -> guest.getattr(node));
            assertEquals(1000, guest.server.known());
        }
    }

    @Test
    void anOpenFileThatHasNoNameAnyMoreGoesOn() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "gone", O_RDWR, 0600);
            guest.write(handle, 0, new byte[10]);
            guest.unlink(1, "gone");
            assertEquals(10, guest.read(handle, 0, 100).length);
            assertRefused(ENOENT, () -> guest.lookup(1, "gone"));
        }
    }

    @Test
    void createOpensWhatIsThereUnlessItMustNot() throws Exception {
        Files.writeString(directory.resolve("there"), "x");
        try (FuseGuest guest = FuseGuest.on(directory)) {
            assertEquals(1, guest.read(guest.create(1, "there", O_RDWR, 0600), 0, 10).length);
            assertRefused(EEXIST, () -> guest.create(1, "there", O_RDWR | O_EXCL, 0600));
        }
    }

    @Test
    void holesArePunchedAndFound() throws Exception {
        byte[] data = new byte[64 << 10];
        Arrays.fill(data, (byte) 1);
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "file", O_RDWR, 0600);
            guest.write(handle, 0, data);
            guest.call(43, 0, FuseGuest.args(32).putLong(handle).putLong(16384).putLong(16384).putInt(3), 0);
            assertEquals(0, guest.read(handle, 20000, 1)[0]);
            assertEquals(data.length, guest.getattr(guest.lookup(1, "file").node()).size());
            long hole = guest.call(46, 0, FuseGuest.args(24).putLong(handle).putLong(0).putInt(4), 8).getLong(0);
            assertTrue(hole == 16384 || hole == data.length, "hole at " + hole);
            guest.call(43, 0, FuseGuest.args(32).putLong(handle).putLong(0).putLong(100_000).putInt(0), 0);
            assertEquals(100_000, guest.getattr(guest.lookup(1, "file").node()).size());
            assertRefused(95, () -> guest.call(43, 0, FuseGuest.args(32).putLong(handle).putLong(0).putLong(4096).putInt(8), 0));
        }
    }

    @Test
    void rangesAreCopied() throws Exception {
        Files.writeString(directory.resolve("from"), "0123456789");
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long from = guest.open(guest.lookup(1, "from").node(), 0);
            long to = guest.create(1, "to", O_RDWR, 0600);
            ByteBuffer args = FuseGuest.args(56).putLong(from).putLong(2).putLong(0).putLong(to).putLong(0).putLong(5).putLong(0);
            assertEquals(5, guest.call(47, 0, args, 8).getInt(0));
            assertEquals("23456", new String(guest.read(to, 0, 100), StandardCharsets.UTF_8));
        }
    }

    @Test
    void locksHoldBetweenOwnersAndAgainstTheHost() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "file", O_RDWR, 0600);
            guest.call(32, 0, FuseGuest.lock(handle, 1, 0, 99, WRITE, false), 0);
            assertRefused(EAGAIN, () -> guest.call(32, 0, FuseGuest.lock(handle, 2, 50, 60, WRITE, false), 0));
            guest.call(32, 0, FuseGuest.lock(handle, 2, 100, 110, WRITE, false), 0);
            ByteBuffer found = guest.call(31, 0, FuseGuest.lock(handle, 2, 50, 60, 0, false), 24);
            assertEquals(99, found.getLong(8));
            assertEquals(WRITE, found.getInt(16));
            guest.flush(handle, 1);
            assertEquals(UNLOCK, guest.call(31, 0, FuseGuest.lock(handle, 2, 50, 60, 0, false), 24).getInt(16));
            guest.call(32, 0, FuseGuest.lock(handle, 2, 50, 60, WRITE, false), 0);
        }
    }

    @Test
    void aLockThatHasToBeWaitedForHoldsNothingUp() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "file", O_RDWR, 0600);
            guest.call(32, 0, FuseGuest.lock(handle, 1, 0, Long.MAX_VALUE, WRITE, false), 0);
            long waiting = guest.send(FuseGuest.REQUESTS, 33, 0, FuseGuest.lock(handle, 2, 0, 10, WRITE, false), 0);
            assertFalse(guest.hasAnswer());
            guest.rig.loop().advance(Duration.ofMillis(50));
            assertFalse(guest.hasAnswer());
            guest.server.lock(handle, 1, new FileServer.Lock(0, Long.MAX_VALUE, UNLOCK, 0), false);
            guest.rig.loop().advance(Duration.ofMillis(50));
            assertEquals(0, guest.answer(waiting).remaining());
        }
    }

    @Test
    void aWaitForALockIsInterrupted() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "file", O_RDWR, 0600);
            guest.call(32, 0, FuseGuest.lock(handle, 1, 0, 10, WRITE, false), 0);
            long waiting = guest.send(FuseGuest.REQUESTS, 33, 0, FuseGuest.lock(handle, 2, 0, 10, WRITE, false), 0);
            guest.send(0, 36, 0, FuseGuest.args(8).putLong(waiting), -1);
            guest.rig.loop().advance(Duration.ofMillis(50));
            // What is behind the other queue's buffers is the same memory: only the number of the answer tells.
            assertEquals(4, assertThrows(FuseGuest.Refused.class, () -> guest.answer(waiting)).errno);
        }
    }

    @Test
    void flockIsOfTheOpenFileAndTheHostSeesIt() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long first = guest.create(1, "file", O_RDWR, 0600);
            long second = guest.open(guest.lookup(1, "file").node(), O_RDWR);
            guest.call(32, 0, FuseGuest.lock(first, 1, 0, Long.MAX_VALUE, WRITE, true), 0);
            assertRefused(EAGAIN, () -> guest.call(32, 0, FuseGuest.lock(second, 1, 0, Long.MAX_VALUE, WRITE, true), 0));
            guest.release(first);
            guest.call(32, 0, FuseGuest.lock(second, 1, 0, Long.MAX_VALUE, WRITE, true), 0);
        }
    }

    @Test
    void whatIsAppendedGoesToTheEndWhoeverWroteThereMeanwhile() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "log", O_WRONLY | O_APPEND, 0600);
            guest.write(handle, 0, "one".getBytes(StandardCharsets.UTF_8), 0, O_WRONLY | O_APPEND);
            try (FileChannel host = FileChannel.open(directory.resolve("log"), StandardOpenOption.APPEND)) {
                host.write(ByteBuffer.wrap("two".getBytes(StandardCharsets.UTF_8)));
            }
            guest.write(handle, 3, "three".getBytes(StandardCharsets.UTF_8), 0, O_WRONLY | O_APPEND);
        }
        assertEquals("onetwothree", Files.readString(directory.resolve("log")));
    }

    @Test
    void whatIsUnknownIsNotImplemented() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            assertRefused(ENOSYS, () -> guest.call(39, 1, FuseGuest.args(32), 100));
            assertRefused(ENOSYS, () -> guest.call(48, 1, FuseGuest.args(64), 100));
            assertRefused(ENOSYS, () -> guest.call(4711, 1, FuseGuest.args(64), 100));
        }
        try (FuseGuest guest = new FuseGuest(ShareConfig.of(directory.toString(), "t").withXattr(false))) {
            assertRefused(ENOSYS, () -> guest.call(23, 1, FuseGuest.args(8).putInt(100), 100));
        }
    }

    @Test
    void theEndOfASessionGivesEverythingBack() throws Exception {
        Files.createFile(directory.resolve("file"));
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long node = guest.lookup(1, "file").node();
            long handle = guest.open(node, 0);
            guest.call(32, 0, FuseGuest.lock(handle, 1, 0, 10, 0, false), 0);
            assertEquals(4, guest.server.descriptors());
            guest.call(38, 0, FuseGuest.args(0), 0);
            assertEquals(1, guest.server.descriptors());
            assertRefused(5, () -> guest.lookup(1, "file"));
        }
    }

    @Test
    void foldersAreMountedBelowAShareAndTakenAway(@TempDir Path other) throws Exception {
        Files.writeString(directory.resolve("one"), "1");
        Files.writeString(other.resolve("two"), "2");
        try (FuseGuest guest = new FuseGuest(ShareConfig.of(null, "t"))) {
            assertEquals("[., ..]", guest.list(1, true).keySet().toString());
            assertRefused(EROFS, () -> guest.mkdir(1, "x", 0700));
            guest.server.mount(directory, "/a/b", false);
            guest.server.mount(other, "/c", true);
            assertThrows(IllegalArgumentException.class, () -> guest.server.mount(other, "/a", false));
            assertThrows(IllegalArgumentException.class, () -> guest.server.mount(other, "/c/d", false));
            assertThrows(IllegalArgumentException.class, () -> guest.server.mount(other, "../c", false));
            assertEquals("[., .., a, c]", guest.list(1, false).keySet().toString());
            guest.call(50, 1, FuseGuest.args(8), 0);
            long one = guest.walk("a/b/one").node();
            long handle = guest.open(one, 0);
            assertEquals("1", new String(guest.read(handle, 0, 10), StandardCharsets.UTF_8));
            long c = guest.walk("c").node();
            assertEquals(1, guest.lookup(c, "two").size());
            assertRefused(EROFS, () -> guest.mkdir(c, "x", 0700));
            assertRefused(EROFS, () -> guest.rename(c, "two", guest.walk("a/b").node(), "two", 0));
            assertRefused(EXDEV, () -> guest.link(guest.lookup(c, "two").node(), guest.walk("a/b").node(), "two"));
            guest.server.unmount("/a/b");
            assertRefused(ESTALE, () -> guest.getattr(one));
            assertRefused(EBADF, () -> guest.read(handle, 0, 10));
            assertRefused(ENOENT, () -> guest.walk("a"));
            assertEquals("[., .., c]", guest.list(1, false).keySet().toString());
            assertThrows(IllegalArgumentException.class, () -> guest.server.unmount("/a/b"));
            assertEquals(1, guest.lookup(guest.walk("c").node(), "two").size());
        }
    }

    @Test
    void allFoldersOfAShareThatIsOnlyReadAre() throws Exception {
        try (FuseGuest guest = new FuseGuest(ShareConfig.of(null, "t").withReadOnly(true))) {
            guest.server.mount(directory, "/a", false);
            long a = guest.walk("a").node();
            assertRefused(EROFS, () -> guest.mkdir(a, "x", 0700));
        }
    }

    @Test
    void aFolderThatIsNoneIsRefused() {
        assertThrows(IOException.class, () -> new ShareServer(ShareConfig.of(directory.resolve("none").toString(), "t")));
        assertTrue(Files.exists(directory, LinkOption.NOFOLLOW_LINKS));
    }
}
