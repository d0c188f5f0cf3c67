package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals to the program itself, with a guest that listens to nobody. */
@Tag("linux")
class SignalTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    @TempDir
    Path directory;

    private TerminalSession spinning(String... more) throws Exception {
        return new TerminalSession(directory, TinyProgram.words(directory, new TinyKernel().print("spinning").spin(), more));
    }

    private static void send(int signal, long pid) throws Exception {
        assertEquals(0, new ProcessBuilder("sh", "-c", "kill -" + signal + " " + pid).start().waitFor());
    }

    /** Whether this process, and so what it starts, ignores a signal: a shell's background jobs are so. */
    static boolean isIgnored(int signal) throws Exception {
        String mask = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow();
        return (Long.parseUnsignedLong(mask.substring("SigIgn:".length()).strip(), 16) >>> signal - 1 & 1) != 0;
    }

    /** HUP, INT, QUIT, ABRT, TERM, XCPU. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 6, 15, 24})
    void signalsThatEndItDoSoInOrder(int signal) throws Exception {
        try (TerminalSession session = spinning()) {
            session.awaitText("spinning", PATIENCE);
            send(signal, session.process().pid());
            boolean isDeaf = signal <= 2 && isIgnored(signal);
            session.type(isDeaf ? "\u0001x" : "");
            assertEquals(isDeaf ? 0 : 128 + signal, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
            assertFalse(session.screen().contains("dump"), session::screen);
            assertEquals(isDeaf ? 2 : 3, session.screen().lines().count(), session::screen);
        }
    }

    @Test
    void whatAShellHasHadIgnoredStaysSo() throws Exception {
        String program = String.join(" ", TinyProgram.words(directory, new TinyKernel().print("spinning").spin()));
        try (TerminalSession session = new TerminalSession(directory, List.of("sh", "-c", "trap '' HUP INT; exec " + program))) {
            session.awaitText("spinning", PATIENCE);
            send(1, session.process().pid());
            send(2, session.process().pid());
            session.type("\u0001x");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
        }
    }

    /** USR1, USR2, PIPE, ALRM, STKFLT, CHLD, URG, XFSZ, VTALRM, PROF, WINCH, IO, PWR and the real-time ones. */
    @Test
    void signalsThatMeanNothingDoNothing() throws Exception {
        try (TerminalSession session = spinning()) {
            session.awaitText("spinning", PATIENCE);
            List<Integer> signals = IntStream.concat(IntStream.of(10, 12, 13, 14, 16, 17, 23, 25, 26, 27, 28, 29, 30),
                    IntStream.rangeClosed(34, 64)).boxed().toList();
            for (int signal : signals) {
                send(signal, session.process().pid());
            }
            session.type("\u0001x");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
    }

    /** TSTP, TTIN, TTOU. */
    @ParameterizedTest
    @ValueSource(ints = {20, 21, 22})
    void aSuspendedMachineLeavesTheTerminalToTheShellAndTakesItUpAgain(int signal) throws Exception {
        String program = String.join(" ", TinyProgram.words(directory, new TinyKernel().print("up").echoUntil('$').spin()));
        String script = program + "; echo stopped-$?; read -r line; echo \"read-$line\"; fg; echo ended-$?";
        try (TerminalSession session = new TerminalSession(directory, List.of("sh", "-mc", script))) {
            session.awaitText("up", PATIENCE);
            long pid = session.process().descendants().filter(child -> child.info().command().orElse("").endsWith("java")).findFirst().orElseThrow().pid();
            assertFalse(session.isTerminalAsItWas(), "the terminal is raw while the guest runs");
            send(signal, pid);
            session.awaitText("stopped-" + (128 + signal), PATIENCE);
            assertTrue(session.isTerminalAsItWas(), "the shell finds the terminal as it was");
            session.type("a line\r");
            session.awaitText("read-a line", PATIENCE);
            session.type("raw again");
            session.awaitText("raw again", PATIENCE);
            session.type("\u0001x");
            session.awaitText("ended-0", PATIENCE);
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void howLongAGuestMayTakeToPowerOffIsTheUsersToSay(int seconds) throws Exception {
        try (TerminalSession session = spinning("--stop-timeout", String.valueOf(seconds))) {
            session.awaitText("spinning", PATIENCE);
            send(15, session.process().pid());
            assertEquals(128 + 15, session.awaitEnd(PATIENCE), session::screen);
            // This guest does not even notice.
            assertTrue(session.screen().contains("within " + seconds * 1000 / 8 + " ms"), session::screen);
        }
    }
}
