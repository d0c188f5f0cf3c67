package io.vmm4j.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;
import io.vmm4j.kvm.libc.OfdLock;
import io.vmm4j.kvm.libc.Pty;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LogDestinationsTest {

    private static final int F_SETFD = 2;
    private static final int PIPE_CAPACITY = 65536;

    @TempDir
    private Path directory;

    private static int write(LogDestination destination, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        NativeStruct struct = NativeStruct.allocate(bytes.length);
        struct.bytes().put(0, bytes);
        return destination.write(struct, 0, bytes.length);
    }

    private static String read(Fd fd) throws IOException {
        NativeStruct data = NativeStruct.allocate(PIPE_CAPACITY);
        byte[] bytes = new byte[(int) Math.max(0, fd.read(data.address(), PIPE_CAPACITY))];
        data.bytes().get(0, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private Path fifo() throws Exception {
        Path fifo = directory.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        return fifo;
    }

    // Regular files

    @Test
    void aMachineThatComesLaterAppendsToTheLogOfOneThatRuns() throws Exception {
        Path file = Files.writeString(directory.resolve("log"), "of last week\n");
        try (LogDestination first = LogDestinations.open(file)) {
            write(first, "first one\n");
            try (LogDestination second = LogDestinations.open(file)) {
                assertTrue(!first.isShared() && second.isShared(), "the second has to say whose its lines are");
                write(second, "second one\n");
                write(first, "first two\n");
            }
        }
        assertEquals("first one\nsecond one\nfirst two\n", Files.readString(file));
    }

    @Test
    void whoStartedFirstMayAlsoEndFirst() throws Exception {
        Path file = directory.resolve("log");
        LogDestination first = LogDestinations.open(file);
        LogDestination second = LogDestinations.open(file);
        write(second, "second\n");
        first.close();
        try (LogDestination third = LogDestinations.open(file)) {
            assertTrue(third.isShared(), "the second still writes");
            assertEquals("second\n", Files.readString(file));
        }
        second.close();
        LogDestinations.open(file).close();
        assertEquals("", Files.readString(file), "nobody's: made anew");
    }

    @Test
    void aLogThatIsCopiedAndCutShortHasNoGap() throws Exception {
        Path file = directory.resolve("log");
        try (LogDestination log = LogDestinations.open(file)) {
            write(log, "before\n");
            Files.copy(file, directory.resolve("log.1"));
            Files.newByteChannel(file, StandardOpenOption.WRITE).truncate(0).close();
            write(log, "after\n");
        }
        assertEquals("after\n", Files.readString(file));
    }

    @Test
    void aLogThatIsRenamedGoesOnUnderItsNewName() throws Exception {
        Path file = directory.resolve("log");
        Path old = directory.resolve("log.1");
        try (LogDestination log = LogDestinations.open(file)) {
            write(log, "before\n");
            Files.move(file, old, StandardCopyOption.ATOMIC_MOVE);
            write(log, "after\n");
            try (LogDestination next = LogDestinations.open(file)) {
                assertFalse(next.isShared(), "it is another file");
            }
        }
        assertEquals("before\nafter\n", Files.readString(old));
    }

    @Test
    void aFileThatSomebodyElseHasLockedIsNotCutShort() throws Exception {
        Path file = Files.writeString(directory.resolve("log"), "theirs\n");
        try (Fd theirs = Fd.open(file, Fd.O_RDWR)) {
            assertTrue(OfdLock.tryLock(theirs, true));
            try (LogDestination log = LogDestinations.open(file)) {
                write(log, "ours\n");
            }
        }
        assertEquals("theirs\nours\n", Files.readString(file));
    }

    // Descriptors that who started the process has left open

    @ParameterizedTest
    @ValueSource(strings = {"/dev/stderr", "/dev/fd/2", "/proc/self/fd/2", "/proc/thread-self/fd/2", "link", "err"})
    void theFileBehindStandardErrorKeepsWhatItHas(String name) throws Exception {
        Path err = Files.writeString(directory.resolve("err"), "of the script's\n");
        Files.createSymbolicLink(directory.resolve("link"), Path.of("/dev/stderr"));
        runWith(name, ProcessBuilder.Redirect.DISCARD, ProcessBuilder.Redirect.appendTo(err.toFile()));
        List<String> lines = Files.readAllLines(err);
        assertEquals(4, lines.size(), lines::toString);
        assertEquals("of the script's", lines.get(0));
        assertTrue(lines.get(3).endsWith("after it"), lines::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/dev/stdout", "out"})
    void whatTheProcessPrintsIsNotWrittenOver(String name) throws Exception {
        Path out = directory.resolve("out");
        runWith(name, ProcessBuilder.Redirect.to(out.toFile()), ProcessBuilder.Redirect.DISCARD);
        List<String> lines = Files.readAllLines(out);
        assertEquals(4, lines.size(), lines::toString);
        assertEquals(EarlyLogRun.START, lines.get(0));
    }

    @Test
    void aScriptOnStandardInputIsNotMadeALog() throws Exception {
        Path script = Files.writeString(directory.resolve("script"), "typed\n");
        Process process = new ProcessBuilder(java(script.toString())).redirectInput(script.toFile()).start();
        assertEquals(0, process.waitFor());
        assertTrue(Files.readString(script).startsWith("typed\n"), Files.readString(script));
    }

    private void runWith(String name, ProcessBuilder.Redirect out, ProcessBuilder.Redirect err) throws Exception {
        Process process = new ProcessBuilder(java(directory.resolve(name).toString())).redirectOutput(out).redirectError(err).start();
        assertEquals(0, process.waitFor());
    }

    private static List<String> java(String log) {
        return new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xlog:disable",
                "-cp", System.getProperty("java.class.path"), EarlyLogRun.class.getName(), log));
    }

    /** As a shell's {@code 3>file} leaves it. */
    private static Path inherited(Fd fd) {
        LibC.fcntl(fd.value(), F_SETFD, 0);
        return Path.of("/dev/fd/" + fd.value());
    }

    @Test
    void aSocketThatWasLeftOpenIsWrittenToAndNotWaitedFor() throws Exception {
        Path path = directory.resolve("socket");
        try (UnixSocket server = UnixSocket.listen(path.toString(), 1); UnixSocket ours = UnixSocket.open()) {
            assertTrue(ours.connect(path));
            try (UnixSocket theirs = server.accept(); LogDestination log = LogDestinations.open(inherited(Fd.duplicate(ours.fd())))) {
                assertEquals(3, write(log, "one"));
                ByteBuffer received = ByteBuffer.allocateDirect(16);
                assertEquals(3, theirs.receive(received));
                String flood = "x".repeat(4096);
                int taken = flood.length();
                while (taken == flood.length()) {
                    taken = write(log, flood);
                }
            }
        }
    }

    @Test
    void ofTwoDescriptorsOfAFileTheOneNamedIsTaken() throws Exception {
        Path file = directory.resolve("file");
        try (Fd first = Fd.open(file, Fd.O_RDWR | Fd.O_CREAT); Fd second = Fd.open(file, Fd.O_RDWR)) {
            inherited(first);
            try (LogDestination log = LogDestinations.open(inherited(second))) {
                write(log, "12345");
                NativeStruct data = NativeStruct.allocate(1);
                assertEquals(0, second.read(data.address(), 1), "it has moved");
                assertEquals(1, first.read(data.address(), 1), "this has not");
            }
        }
    }

    // Pipes and terminals

    @Test
    void aPipeThatNobodyReadsCostsNothingAndKeepsWhatFits() throws Exception {
        Path fifo = fifo();
        String line = "x".repeat(1023) + "\n";
        try (LogDestination log = LogDestinations.open(fifo)) {
            for (int i = 0; i < PIPE_CAPACITY / 1024; i++) {
                assertEquals(1024, write(log, line));
            }
            assertEquals(0, write(log, line), "full, and not waited for");
            try (Fd reader = Fd.open(fifo, Fd.O_RDONLY | Fd.O_NONBLOCK)) {
                assertEquals(PIPE_CAPACITY, read(reader).length(), "who comes later gets it");
                assertEquals(1024, write(log, line));
                assertEquals(line, read(reader));
            }
            assertEquals(1024, write(log, line), "the reader has gone");
            try (Fd reader = Fd.open(fifo, Fd.O_RDONLY | Fd.O_NONBLOCK)) {
                assertEquals(line, read(reader), "the next one gets what came meanwhile");
            }
        }
    }

    @Test
    void aPipeThatMayOnlyBeWrittenToIsTriedAgainUntilSomebodyReadsIt() throws Exception {
        Path fifo = fifo();
        try (LogDestination log = new LogDestinations.Later(fifo)) {
            assertEquals("nobody reads them", assertThrows(IOException.class, () -> write(log, "one\n")).getMessage());
            for (int readers = 0; readers < 2; readers++) {
                try (Fd reader = Fd.open(fifo, Fd.O_RDONLY | Fd.O_NONBLOCK)) {
                    write(log, "two\n");
                    assertEquals("two\n", read(reader));
                }
                assertEquals("nobody reads them", assertThrows(IOException.class, () -> write(log, "three\n")).getMessage());
            }
        }
    }

    @Test
    void aPipeThatWasLeftOpenIsNotMadeToWaitNorItsOwnersFlagsChanged() throws Exception {
        Path fifo = fifo();
        try (Fd reader = Fd.open(fifo, Fd.O_RDONLY | Fd.O_NONBLOCK); Fd theirs = Fd.open(fifo, Fd.O_WRONLY)) {
            try (LogDestination log = LogDestinations.open(inherited(theirs))) {
                String line = "x".repeat(4096);
                int taken = line.length();
                while (taken == line.length()) {
                    taken = write(log, line);
                }
            }
            int getFlags = 3;
            assertEquals(0, LibC.fcntl(theirs.value(), getFlags, 0) & Fd.O_NONBLOCK, "the owner's descriptor waits as before");
            assertEquals(PIPE_CAPACITY, read(reader).length());
        }
    }

    @Test
    void aTerminalIsNotMadeTheControllingOneNorWaitedFor() throws Exception {
        try (Pty pty = Pty.open(); LogDestination log = LogDestinations.open(pty.path())) {
            assertTrue(log.isTerminal());
            String line = "x".repeat(4096);
            int taken = line.length();
            while (taken == line.length()) {
                taken = write(log, line);
            }
        }
    }

    @Test
    void whatCannotBeALogSaysWhy() {
        String message = assertThrows(IOException.class, () -> LogDestinations.open(directory)).getMessage();
        assertTrue(message.contains("Is a directory"), message);
    }
}
