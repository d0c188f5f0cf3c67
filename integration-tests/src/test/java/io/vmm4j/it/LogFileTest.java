package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log of the program itself, as its users and their tools treat it. */
@Tag("linux")
class LogFileTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    @TempDir
    Path directory;

    private static TinyKernel saying(String words) {
        return new TinyKernel().print(0x2f8, words + "\n");
    }

    private String log() throws Exception {
        return Files.readString(directory.resolve("dbs-cli.log"), StandardCharsets.ISO_8859_1);
    }

    private void runInPlace(TinyKernel kernel) throws Exception {
        Process process = new ProcessBuilder(TinyProgram.words(directory, kernel)).directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), said);
        assertEquals("0 ", process.exitValue() + " " + said);
    }

    @Test
    void twoMachinesInOneDirectoryHaveTwoWholeLogs() throws Exception {
        try (TerminalSession first = new TerminalSession(directory, TinyProgram.words(directory,
                saying("first begins").print("up").echoUntil('$').print(0x2f8, "first ends\n").reset()))) {
            first.awaitText("up", PATIENCE);
            awaitLog(first, "first begins");
            runInPlace(saying("second").reset());
            assertTrue(log().matches("(?s).*first begins.*@\\d+] console: second\n.*"), log());
            first.type("$");
            assertEquals(0, first.awaitEnd(PATIENCE), first::screen);
        }
        String log = log();
        for (String words : List.of("console: first begins\n", "console: second\n", "console: first ends\n")) {
            assertTrue(log.contains(words), log);
        }
        assertEquals(2, log.lines().filter(line -> line.contains("guest ended")).count(), log);
        runInPlace(saying("third").reset());
        assertFalse(log().contains("first"), "nobody's log is made anew: " + log());
    }

    @Test
    void aLogThatIsCopiedAndCutShortWhileTheMachineRunsHasNoGap() throws Exception {
        try (TerminalSession session = new TerminalSession(directory, TinyProgram.words(directory,
                saying("before").print("up").echoUntil('$').print(0x2f8, "after\n").reset()))) {
            session.awaitText("up", PATIENCE);
            awaitLog(session, "before");
            Path log = directory.resolve("dbs-cli.log");
            Files.copy(log, directory.resolve("dbs-cli.log.1"));
            Files.write(log, new byte[0]);
            session.type("$");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
        }
        assertTrue(log().contains("after") && log().indexOf('\0') < 0 && !log().contains("before"), log());
    }

    private void awaitLog(TerminalSession session, String text) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!Files.exists(directory.resolve("dbs-cli.log")) || !log().contains(text)) {
            assertTrue(System.nanoTime() < deadline, "\"" + text + "\" is missing in the log");
            assertFalse(session.process().waitFor(50, TimeUnit.MILLISECONDS), session::screen);
        }
    }

    @Test
    void aGuestThatPrintsWithoutEndFillsNoDiskAndHidesNothing() throws Exception {
        Process process = new ProcessBuilder(TinyProgram.words(directory, new TinyKernel().repeat(0x2f8, '\n', 30_000).reset()))
                .directory(directory.toFile()).redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertEquals(0, process.waitFor(), said);
        String log = log();
        assertTrue(log.length() < 1_200_000, log.length() + " bytes");
        List<String> others = log.lines().filter(line -> !line.endsWith(" console: ")).toList();
        assertEquals(1, others.stream().filter(line -> line.matches(".* \\d+ lines of the guest were left out: more than 1024 bytes a second")).count(), others::toString);
        assertTrue(others.toString().contains("guest ended"), others::toString);
    }

    @Test
    void standardErrorsFileIsNotEmptiedForALog() throws Exception {
        Path err = Files.writeString(directory.resolve("err"), "of the script's\n");
        Process process = new ProcessBuilder(TinyProgram.words(directory, saying("for the log").tripleFault(), "--log-file", "/dev/stderr"))
                .redirectInput(Path.of("/dev/null").toFile()).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.appendTo(err.toFile())).start();
        assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        String text = Files.readString(err);
        assertTrue(text.startsWith("of the script's\n") && text.contains("console: for the log\n") && text.contains("\nvmm: the guest took a triple fault"), text);
    }

    @Test
    void aPipeThatNobodyReadsCostsNothing() throws Exception {
        Path fifo = directory.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        Process process = new ProcessBuilder(TinyProgram.words(directory, saying("to nobody").print("up").reset(), "--log-file", fifo.toString()))
                .redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true).start();
        assertEquals('u', process.getInputStream().read());
        long up = System.nanoTime();
        assertEquals("p", new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1), "nothing is said of it");
        assertEquals(0, process.waitFor());
        assertTrue(System.nanoTime() - up < TimeUnit.SECONDS.toNanos(9), "the end waited for a reader");
    }
}
