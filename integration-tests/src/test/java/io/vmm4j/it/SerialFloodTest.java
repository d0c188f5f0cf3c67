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

/** A guest that prints as fast as it can, to a reader that keeps up and to one that takes nothing. */
@Tag("linux")
class SerialFloodTest {

    private static final Duration PATIENCE = Duration.ofMinutes(8);
    private static final int LEAST_LINES = 100;

    @TempDir
    Path directory;

    private List<String> linux(String script) {
        return LinuxGuest.program("--kernel-path", LinuxGuest.bzImage().toString(), "--initrd-path", LinuxGuest.initrd().toString(), "--mem-size", "256",
                "--log-file", log().toString(), "--boot-args", LinuxGuest.arguments(script, "poweroff"));
    }

    private Path log() {
        return directory.resolve("vmm.log");
    }

    /** As much as the machine is good for in ten seconds: a byte is an exit to the monitor. */
    @Test
    void aFloodReachesAFastReaderWhole() throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(linux("timeout 10 seq 1 99999999; echo; echo over")).redirectOutput(output.toFile())
                .redirectErrorStream(true).redirectInput(Path.of("/dev/null").toFile()).start();
        assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), "no end");
        String text = Files.readString(output, StandardCharsets.ISO_8859_1).replace("\r", "");
        assertEquals(0, process.exitValue(), text);
        assertTrue(text.contains("\nover\nanswer>>"), "the end is missing");
        String flood = text.substring(text.indexOf("<<answer\n") + "<<answer\n".length(), text.indexOf("\nover\nanswer>>"));
        List<String> lines = flood.lines().toList();
        // The last line may have been cut off when the time was up.
        for (int i = 0; i < lines.size() - 2; i++) {
            assertEquals(Integer.toString(i + 1), lines.get(i), "line " + (i + 1));
        }
        assertTrue(lines.size() > LEAST_LINES, () -> "only " + lines.size() + " lines in ten seconds");
        assertFalse(Files.exists(log()) && Files.readString(log()).contains("of output were dropped"), "something was dropped");
    }

    /**
     * Nobody looks at the terminal. The guest's second serial port, which is the log, tells that the guest goes on when the
     * console has 64 KiB for its reader and lets go of the rest.
     */
    @Test
    void aReaderThatTakesNothingHoldsUpNeitherTheGuestNorItsEnd() throws Exception {
        String script = "yes & n=0; while sleep 1; do n=$((n+1)); echo alive-$n >/dev/ttyS1; done";
        try (TerminalSession session = new TerminalSession(directory, linux(script))) {
            session.awaitText("<<answer", PATIENCE);
            String stuck = awaitLog(session, "the reader takes nothing");
            long beats = stuck.lines().filter(line -> line.contains("alive-")).count();
            awaitLog(session, "alive-" + (beats + 3));
            session.type("\u0001x");
            assertTrue(session.process().waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), "Ctrl-A x did not end it");
            assertEquals(0, session.process().exitValue());
            String log = Files.readString(log());
            assertTrue(log.matches("(?s).*[1-9]\\d* bytes of output were dropped.*"), log);
        }
    }

    private String awaitLog(TerminalSession session, String text) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            String log = Files.exists(log()) ? Files.readString(log()) : "";
            if (log.contains(text)) {
                return log;
            }
            assertTrue(System.nanoTime() - deadline < 0, () -> "\"" + text + "\" is missing in the log: " + log);
            assertFalse(session.process().waitFor(200, TimeUnit.MILLISECONDS), () -> "the machine ended by itself: " + log);
        }
    }
}
