package io.vmm4j.core.named;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.host.SocketFile;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeDirectoryTest {

    private static final int SOMEBODY = 4711;

    @TempDir
    private Path root;

    private RuntimeDirectory chosen() throws IOException {
        Path xdg = Files.createDirectories(root.resolve("xdg"));
        return RuntimeDirectory.of(root, xdg.toString(), ProcessCalls.geteuid());
    }

    private Path pathOf(String xdg, int uid) {
        return RuntimeDirectory.of(root, xdg, uid).path();
    }

    @Test
    void aUsersIsInTheDirectoryThatTheLoginNames() {
        assertEquals(Path.of("/run/user/4711/vmm4j"), pathOf("/run/user/4711", SOMEBODY));
        assertEquals(root.resolve("tmp/vmm4j-4711"), pathOf("relative", SOMEBODY), "what is not absolute does not count");
        assertEquals(root.resolve("tmp/vmm4j-4711"), pathOf("", SOMEBODY));
    }

    @Test
    void withoutThatVariableItIsWhereItWouldHavePointedAndThenInTheTemporaryDirectory() throws IOException {
        RuntimeDirectory last = RuntimeDirectory.of(root, null, SOMEBODY);
        assertEquals(root.resolve("tmp/vmm4j-4711"), last.path());
        assertEquals(Optional.of("XDG_RUNTIME_DIR is not set and " + root + "/run/user/4711 is not there: named machines are in " + root + "/tmp/vmm4j-4711"),
                last.notice());
        int uid = ProcessCalls.geteuid();
        assumeTrue(uid != 0, "root's is elsewhere");
        Files.createDirectories(root.resolve("run/user/" + uid));
        assertEquals(root.resolve("run/user/" + uid + "/vmm4j"), pathOf(null, uid));
        assertEquals(Optional.empty(), RuntimeDirectory.of(root, null, uid).notice());
    }

    @Test
    void rootsIsOneForServicesAndLogins() throws IOException {
        assertEquals(root.resolve("run/vmm4j"), pathOf(null, 0));
        Path login = Files.createDirectories(root.resolve("run/user/0"));
        assertEquals(root.resolve("run/vmm4j"), pathOf(login.toString(), 0));
        assertEquals(root.resolve("run/vmm4j"), pathOf("/nonexistent", 0));
        assumeTrue(ProcessCalls.geteuid() == 0, "only root makes directories of root's");
        Path own = Files.createDirectory(root.resolve("own"));
        assertEquals(own.resolve("vmm4j"), pathOf(own.toString(), 0));
        Path others = Files.createDirectory(root.resolve("others"));
        Files.setAttribute(others, "unix:uid", SOMEBODY);
        assertEquals(root.resolve("run/vmm4j"), pathOf(others.toString(), 0), "a user's, as sudo passes it on");
    }

    @Test
    void itIsMadeForItsUserAlone() throws IOException {
        RuntimeDirectory directory = chosen();
        assertFalse(directory.isThere());
        assertEquals(List.of(), directory.names());
        directory.make();
        directory.make();
        assertTrue(directory.isThere());
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.path())));
    }

    private static String refusal(RuntimeDirectory directory) {
        String line = assertThrows(IOException.class, directory::make).getMessage();
        assertTrue(line.startsWith("the runtime directory " + directory.path() + " "), line);
        return line.substring(("the runtime directory " + directory.path() + " ").length());
    }

    @Test
    void whatIsNotThisUsersAloneIsRefused() throws IOException {
        RuntimeDirectory directory = chosen();
        Files.createDirectory(directory.path());
        Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxr-x---"));
        assertEquals("has mode 750 and not 700, which is this user's alone", refusal(directory));
        Files.delete(directory.path());
        Files.createSymbolicLink(directory.path(), Files.createDirectory(root.resolve("elsewhere")));
        assertEquals("is a symbolic link", refusal(directory));
        assertThrows(IOException.class, directory::names);
        Files.delete(directory.path());
        Files.createSymbolicLink(directory.path(), root.resolve("nowhere"));
        assertEquals("is a symbolic link", refusal(directory));
        Files.delete(directory.path());
        Files.createFile(directory.path());
        assertEquals("is not a directory", refusal(directory));
        Files.delete(directory.path());
        Files.delete(directory.path().getParent());
        assertEquals("cannot be made: " + directory.path().getParent() + " is not a directory", refusal(directory));
    }

    @Test
    void somebodyElsesIsRefused() throws IOException {
        assumeTrue(ProcessCalls.geteuid() == 0, "only root gives a directory away");
        RuntimeDirectory directory = chosen();
        directory.make();
        Files.setAttribute(directory.path(), "unix:uid", SOMEBODY);
        assertEquals("belongs to user 4711 and not to this one, 0", refusal(directory));
    }

    @Test
    void machinesAreFoundByTheirSocketsAndWhatADeadOneLeftIsCleared() throws IOException {
        RuntimeDirectory directory = chosen();
        directory.make();
        for (Path socket : List.of(directory.control("dead"), directory.console("dead"))) {
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket)).close();
        }
        Files.createFile(directory.log("dead"));
        Files.createFile(directory.path().resolve(".sock"));
        Files.createFile(directory.path().resolve("a b.sock"));
        try (SocketFile<ServerSocketChannel> alive = SocketFile.listen(directory.control("alive"))) {
            assertEquals(List.of("alive", "dead"), directory.names());
            directory.clean("dead");
            directory.clean("alive");
            directory.clean("never-was");
            assertEquals(List.of("alive"), directory.names());
            assertFalse(Files.exists(directory.console("dead")));
            assertTrue(Files.exists(directory.log("dead")));
        }
    }

    @Test
    void filesOfTwoMachinesNeverMeet() throws IOException {
        RuntimeDirectory directory = chosen();
        assertEquals("web.console.sock", directory.control("web.console").getFileName().toString());
        assertEquals("web.console", directory.console("web").getFileName().toString());
        assertThrows(IllegalArgumentException.class, () -> directory.control("../x"));
    }
}
