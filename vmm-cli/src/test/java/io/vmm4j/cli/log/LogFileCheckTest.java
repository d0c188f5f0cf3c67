package io.vmm4j.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.UnixSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileCheckTest {

    @TempDir
    private Path directory;

    private static String problemOf(Path file) {
        return LogFileCheck.problemOf(file.toString());
    }

    @Test
    void whatCanBeWrittenToIsALog() throws Exception {
        assertNull(problemOf(directory.resolve("new")));
        assertNull(problemOf(Files.createFile(directory.resolve("old"))));
        assertNull(LogFileCheck.problemOf("/dev/null"));
        assertNull(LogFileCheck.problemOf("/dev/stdout"));
        Path fifo = directory.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        assertNull(problemOf(fifo));
    }

    @Test
    void aDescriptorThatIsNotOpenIsNamedForWhatItIs() throws Exception {
        int number;
        try (Fd fd = Fd.open(Path.of("/dev/null"), Fd.O_RDWR)) {
            number = fd.value() + 5_000;
        }
        assertEquals("log file /dev/fd/" + number + " is a descriptor that is not open", LogFileCheck.problemOf("/dev/fd/" + number));
    }

    @Test
    void aLinkIsLookedAtWhereItLeads() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("none/log"));
        assertEquals("log file " + link + " is in a directory that does not exist", problemOf(link));
        assertNull(problemOf(Files.createSymbolicLink(directory.resolve("other"), Path.of("new"))), "a file is made there");
        Path loop = Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
        assertEquals("log file " + loop + " is a symbolic link to itself", problemOf(loop));
    }

    @Test
    void aSocketIsNoLog() throws Exception {
        Path socket = directory.resolve("socket");
        try (UnixSocket server = UnixSocket.listen(socket.toString(), 1)) {
            assertEquals("log file " + socket + " is a socket", problemOf(socket));
        }
    }

    @Test
    void directoriesAreNamedForWhatIsWrong() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertEquals("log file " + directory + " is a directory", problemOf(directory));
        assertEquals("log file " + directory.resolve("none/log") + " is in a directory that does not exist", problemOf(directory.resolve("none/log")));
        assertEquals("log file " + file.resolve("log") + " is in " + file + ", which is not a directory", problemOf(file.resolve("log")));
    }
}
