package io.vmm4j.core.share;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.virtio.fs.FileServer;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Faults that reading has found in the server of shared folders, each named for what was seen. */
final class ShareFaultsTest {

    private static final int EAGAIN = 11;
    private static final int EXDEV = 18;
    private static final int ENOLCK = 37;
    private static final int O_RDWR = 2;
    private static final int O_APPEND = 0x400;
    private static final int WRITE = 1;
    private static final int WRITE_CACHE = 1;
    private static final int WRITE_KILL_SUIDGID = 4;

    @TempDir
    private Path directory;

    private static void assertRefused(int errno, Executable call) {
        assertEquals(errno, assertThrows(FuseGuest.Refused.class, call).errno);
    }

    @Test
    void nothingOfAFolderStaysThatIsTakenAwayDuringLookups() throws Exception {
        for (int i = 0; i < 4; i++) {
            Files.createFile(directory.resolve("f" + i));
        }
        try (ShareServer server = new ShareServer(ShareConfig.of(null, "t"))) {
            ExecutorService queues = Executors.newFixedThreadPool(2);
            AtomicBoolean isOver = new AtomicBoolean();
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                work.add(queues.submit(() -> lookUp(server, isOver)));
            }
            for (int i = 0; i < 400; i++) {
                server.mount(directory, "/a", false);
                server.unmount("/a");
            }
            isOver.set(true);
            for (Future<?> each : work) {
                each.get();
            }
            queues.shutdown();
            assertEquals(0, server.descriptors());
            assertEquals(1, server.known());
        }
    }

    private static void lookUp(ShareServer server, AtomicBoolean isOver) {
        for (int i = 0; !isOver.get(); i++) {
            try {
                long node = server.lookup(server.lookup(1, new byte[] {'a'}).node(), new byte[] {'f', (byte) ('0' + i % 4)}).node();
                server.open(node, O_RDWR);
            } catch (FsException e) {
                continue; // nothing is mounted
            }
        }
    }

    @Test
    void fileSystemsOfTheKernelsOwnAreNoFolders() throws Exception {
        IOException refused = assertThrows(IOException.class, () -> new ShareServer(ShareConfig.of("/proc/self", "t")));
        assertTrue(refused.getMessage().contains("the kernel's own"), refused.getMessage());
        try (FuseGuest guest = new FuseGuest(ShareConfig.of("/", "t").withReadOnly(true))) {
            assertRefused(EXDEV, () -> guest.lookup(1, "proc"));
            assertRefused(EXDEV, () -> guest.lookup(1, "sys"));
            int before = guest.server.descriptors();
            assertEquals(0L, guest.list(1, true).get("proc"));
            assertEquals(0040000, guest.lookup(1, "etc").mode() & 0170000);
            assertTrue(guest.server.descriptors() > before);
        }
    }

    @Test
    void aDirectoryKeepsItsSetGidBit() throws Exception {
        assumeTrue(ProcessCalls.geteuid() == 0, "not root");
        Files.createDirectory(directory.resolve("group"));
        Files.setAttribute(directory.resolve("group"), "unix:gid", 4321);
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long group = guest.lookup(1, "group").node();
            assertEquals(0042775, guest.setattr(group, 1, 0, 02775, 0, 0).mode());
            assertEquals(4321, guest.mkdir(group, "sub", 0755).gid());
            assertEquals(0042755, guest.lookup(group, "sub").mode());
        }
    }

    @Test
    void aThreadThatServesHasNoMoreOfAFewPrivilegesAndNoneIsLeftToComeBack() throws Exception {
        assertEquals(0, capabilities(false) & (1L << 4 | 1L << 24));
        assertEquals(0, capabilities(true) & 1L << 24);
    }

    /** Those that such a thread has, permitted or in force. */
    private static long capabilities(boolean isPrivileged) throws Exception {
        long[] found = new long[1];
        Thread thread = new Thread(() -> {
            new Tools(isPrivileged);
            try {
                for (String line : Files.readAllLines(Path.of("/proc/thread-self/status"))) {
                    if (line.startsWith("CapEff:") || line.startsWith("CapPrm:")) {
                        found[0] |= Long.parseLong(line.substring(7).strip(), 16);
                    }
                }
            } catch (IOException e) {
                found[0] = -1;
            }
        }, "server");
        thread.start();
        thread.join();
        return found[0];
    }

    @Test
    void locksOfAnOpenFileGoWithIt() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long first = guest.create(1, "file", O_RDWR, 0600);
            long second = guest.open(guest.lookup(1, "file").node(), O_RDWR);
            guest.call(32, 0, FuseGuest.lock(first, 77, 0, 9, WRITE, false), 0); // F_OFD_SETLK: no flush names its owner
            assertRefused(EAGAIN, () -> guest.call(32, 0, FuseGuest.lock(second, 78, 0, 9, WRITE, false), 0));
            guest.flush(first, 1);
            guest.release(first);
            guest.call(32, 0, FuseGuest.lock(second, 78, 0, 9, WRITE, false), 0);
        }
    }

    @Test
    void aGuestThatMayOnlyReadLocksNobodyOut() throws Exception {
        Files.writeString(directory.resolve("file"), "x");
        try (ShareServer server = new ShareServer(ShareConfig.of(directory.toString(), "t").withReadOnly(true))) {
            assertTrue(!server.policy().locks());
        }
        try (FuseGuest guest = new FuseGuest(ShareConfig.of(null, "t"))) {
            assertTrue(guest.server.policy().locks());
            guest.server.mount(directory, "/a", true);
            long handle = guest.open(guest.walk("a/file").node(), 0);
            assertRefused(ENOLCK, () -> guest.call(32, 0, FuseGuest.lock(handle, 1, 0, 9, 0, false), 0));
            assertRefused(ENOLCK, () -> guest.call(32, 0, FuseGuest.lock(handle, 1, 0, 9, 0, true), 0));
            assertRefused(ENOLCK, () -> guest.call(31, 0, FuseGuest.lock(handle, 1, 0, 9, 0, false), 24));
        }
    }

    @Test
    void pagesThatWaitedGoWhereTheyBelongAlsoByAHandleForAppending() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "file", O_RDWR | O_APPEND, 0600);
            guest.write(handle, 0, "0123456789".getBytes(StandardCharsets.UTF_8), 0, O_RDWR | O_APPEND);
            guest.write(handle, 2, "ab".getBytes(StandardCharsets.UTF_8), WRITE_CACHE, O_RDWR | O_APPEND);
            guest.write(handle, 0, "end".getBytes(StandardCharsets.UTF_8), 0, O_RDWR | O_APPEND);
        }
        assertEquals("01ab456789end", Files.readString(directory.resolve("file")));
    }

    @Test
    void aFileThatCanOnlyBeAppendedToIsNotWrittenWhereTheGuestDoesNotAppend() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "one");
        assumeTrue(new ProcessBuilder("chattr", "+a", file.toString()).start().waitFor() == 0, "no such files here");
        try {
            try (FuseGuest guest = FuseGuest.on(directory)) {
                long handle = guest.open(guest.lookup(1, "file").node(), O_RDWR | O_APPEND);
                guest.write(handle, 3, "two".getBytes(StandardCharsets.UTF_8), 0, O_RDWR | O_APPEND);
                assertRefused(1, () -> guest.write(handle, 0, new byte[1], 0, O_RDWR)); // EPERM
            }
            try (FuseGuest guest = new FuseGuest(ShareConfig.of(directory.toString(), "t").withWriteback(true))) {
                long node = guest.lookup(1, "file").node();
                assertRefused(1, () -> guest.open(node, O_RDWR | O_APPEND));
            }
        } finally {
            new ProcessBuilder("chattr", "-a", file.toString()).start().waitFor();
        }
        assertEquals("onetwo", Files.readString(file));
    }

    /** Needs a thread that has served no other folder yet, as when this is the only test that is run. */
    @Test
    void aWriteWithoutPrivilegeDropsSetIdBitsInAPrivilegedFolderToo() throws Exception {
        assumeTrue((capabilities(true) & 1L << 4) != 0, "not root, or another test on this thread has given the privilege up");
        try (FuseGuest guest = new FuseGuest(ShareConfig.of(directory.toString(), "t").withPrivileged(true))) {
            long handle = guest.create(1, "file", O_RDWR, 0700);
            long node = guest.lookup(1, "file").node();
            guest.setattr(node, 1, 0, 06755, 0, 0);
            guest.write(handle, 0, new byte[1]);
            assertEquals(0106755, guest.getattr(node).mode());
            guest.write(handle, 0, new byte[1], WRITE_KILL_SUIDGID, 0);
            assertEquals(0100755, guest.getattr(node).mode());
        }
    }

    @Test
    void whatIsCreatedIsTheNodeThatIsTold() throws Exception {
        try (FuseGuest guest = FuseGuest.on(directory)) {
            long handle = guest.create(1, "file", O_RDWR, 0640);
            guest.write(handle, 0, new byte[3]);
            FuseGuest.Attr found = guest.lookup(1, "file");
            assertEquals(3, found.size());
            assertEquals(Files.getAttribute(directory.resolve("file"), "unix:ino"), found.inode());
            guest.forget(found.node(), 2);
            assertEquals(1, guest.server.known());
            guest.release(handle);
            assertEquals(1, guest.server.descriptors());
        }
    }

    /** The number is a node's, whatever else comes and goes. */
    @Test
    void aShelfIsReadOnFromWhereItWas(@TempDir Path other) throws Exception {
        try (ShareServer server = new ShareServer(ShareConfig.of(null, "t"))) {
            for (String name : new String[] {"/a", "/b", "/c", "/d"}) {
                server.mount(directory, name, false);
            }
            long handle = server.openDirectory(1).handle();
            List<String> names = new ArrayList<>();
            long[] place = {0};
            server.readDirectory(handle, 0, (inode, next, type, name) -> {
                if (names.size() == 4) {
                    return false;
                }
                place[0] = next;
                return names.add(new String(name, StandardCharsets.UTF_8));
            });
            server.unmount("/a");
            server.mount(other, "/e", false);
            server.readDirectory(handle, place[0], (inode, next, type, name) -> names.add(new String(name, StandardCharsets.UTF_8)));
            assertEquals(List.of(".", "..", "a", "b", "c", "d", "e"), names);
        }
    }

    @Test
    void idsThatTheHostDoesNotHaveAreRefused() throws Exception {
        assumeTrue(ProcessCalls.geteuid() == 0, "not root");
        try (ShareServer server = new ShareServer(ShareConfig.of(directory.toString(), "t"))) {
            assertEquals(75, assertThrows(FsException.class,
                    () -> server.makeDirectory(new FileServer.Caller(-1, 5, 1), 1, new byte[] {'x'}, 0700)).errno());
            server.makeDirectory(new FileServer.Caller(0, 0, 1), 1, new byte[] {'y'}, 0700);
            assertEquals(0, Files.getAttribute(directory.resolve("y"), "unix:uid"));
            assertTrue(Files.notExists(directory.resolve("x")));
        }
    }
}
