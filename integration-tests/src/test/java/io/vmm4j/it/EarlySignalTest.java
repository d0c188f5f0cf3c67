package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals while the program starts: before Java runs, before the program does, before it can take any, and after. */
@Tag("linux")
class EarlySignalTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int MOMENTS = 8;

    @TempDir
    Path directory;

    private List<String> words() throws Exception {
        return TinyProgram.words(directory, new TinyKernel().print("spinning").spin(), "--api-sock-path", "control");
    }

    private static void send(int signal, long pid) throws Exception {
        assertEquals(0, new ProcessBuilder("sh", "-c", "kill -" + signal + " " + pid).start().waitFor());
    }

    /** How long a start takes here. */
    private long startNanos(List<String> words) throws Exception {
        long start = System.nanoTime();
        try (TerminalSession session = new TerminalSession(directory, words)) {
            session.awaitText("spinning", PATIENCE);
            long taken = System.nanoTime() - start;
            session.type("\u0001x");
            session.awaitEnd(PATIENCE);
            return taken;
        }
    }

    /** HUP, INT, QUIT, TERM. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 15})
    void whatEndsTheProgramDoesSoAtAnyMomentOfItsStart(int signal) throws Exception {
        if (SignalTest.isIgnored(signal)) {
            return; // A background shell's: what it starts ignores the signal too, as SignalTest knows.
        }
        List<String> words = words();
        long whole = startNanos(words);
        for (int i = 0; i < MOMENTS; i++) {
            try (TerminalSession session = new TerminalSession(directory, words)) {
                assertFalse(session.process().waitFor(whole * i / MOMENTS, TimeUnit.NANOSECONDS));
                send(signal, session.process().pid());
                assertEquals(128 + signal, session.awaitEnd(PATIENCE), session::screen);
                assertFalse(session.screen().contains("dump"), session::screen);
                assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
                try (Stream<Path> left = Files.list(directory)) {
                    assertEquals(List.of(), left.map(path -> path.getFileName().toString()).filter(name -> name.contains("control")).toList());
                }
            }
        }
    }

    @Test
    void aToolOfTheJdksThatKnocksEndsNothing() throws Exception {
        try (TerminalSession session = new TerminalSession(directory, words())) {
            session.awaitText("spinning", PATIENCE);
            long pid = session.process().pid();
            Path knock = Files.createFile(Path.of("/tmp/.attach_pid" + pid));
            try {
                send(3, pid);
                session.type("\u0001x");
                assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
                assertFalse(Files.exists(Path.of("/tmp/.java_pid" + pid)), "a file stayed behind");
            } finally {
                Files.delete(knock);
            }
        }
    }
}
