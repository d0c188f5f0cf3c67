package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest that prints as fast as it can, to a reader that keeps up and to one that takes nothing. */
@Tag("linux")
class SerialFloodTest {

    private static final long PATIENCE_SECONDS = 300;
    /** A byte is an exit to the monitor, which takes a fraction of a millisecond where KVM itself is emulated. */
    private static final int LINES = 50_000;
    /** More than a pipe and the monitor's buffer hold together. */
    private static final int STUCK_LINES = 40_000;

    @TempDir
    Path directory;

    private String vmm;

    @BeforeEach
    void needsTheDistribution() {
        String home = System.getProperty("vmm4j.distribution");
        assumeTrue(home != null, "vmm4j.distribution is not set: these tests are started by integration-tests/run-guests");
        vmm = Path.of(home).toAbsolutePath().resolve("bin/vmm").toString();
    }

    private Process start(String script, ProcessBuilder.Redirect output) throws Exception {
        return new ProcessBuilder(List.of("env", "JAVA_HOME=" + System.getProperty("java.home"), vmm,
                "--kernel-path", LinuxGuest.bzImage().toString(), "--initrd-path", LinuxGuest.initrd().toString(), "--mem-size", "256",
                "--log-file", log().toString(), "--boot-args", LinuxGuest.arguments(script, "poweroff")))
                .redirectOutput(output).redirectErrorStream(true).redirectInput(Path.of("/dev/null").toFile()).start();
    }

    private Path log() {
        return directory.resolve("vmm.log");
    }

    private static String lines(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(Integer::toString).collect(Collectors.joining("\n"));
    }

    @Test
    void aFloodReachesAFastReaderWhole() throws Exception {
        Path output = directory.resolve("output");
        Process process = start("seq 1 " + LINES, ProcessBuilder.Redirect.to(output.toFile()));
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "no end");
        String text = Files.readString(output, StandardCharsets.ISO_8859_1).replace("\r", "");
        assertEquals(0, process.exitValue(), text);
        assertTrue(text.contains("<<answer\n" + lines(LINES) + "\nanswer>>"),
            () -> "a line is missing among " + text.lines().count());
    }

    @Test
    void aReaderThatTakesNothingHoldsUpNeitherTheGuestNorItsEnd() throws Exception {
        Process process = start("seq 1 " + STUCK_LINES, ProcessBuilder.Redirect.PIPE);
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "the guest did not get to its end");
        assertEquals(0, process.exitValue());
        String read = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1).replace("\r", "");
        assertTrue(read.contains("<<answer\n" + lines(1_000)), "what came first is whole");
        assertTrue(!read.contains("\n" + STUCK_LINES + "\n"), "nothing was dropped, so nothing was tried");
        String log = Files.readString(log());
        assertTrue(log.contains("the reader takes nothing"), log);
        assertTrue(log.matches("(?s).*\\d+ bytes of output were dropped.*"), log);
    }

    @Test
    void aMachineWithAStuckReaderCanBeEnded() throws Exception {
        Process process = start("yes", ProcessBuilder.Redirect.PIPE);
        String text = "";
        while (!text.contains("<<answer")) {
            int octet = process.getInputStream().read();
            assertTrue(octet >= 0, "the machine ended early: " + text);
            text += (char) octet;
        }
        // Nobody reads from here on; the log says when the machine has noticed.
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!Files.exists(log()) || !Files.readString(log()).contains("the reader takes nothing")) {
            assertTrue(System.nanoTime() - deadline < 0, "the reader was never found stuck");
            assertTrue(!process.waitFor(200, TimeUnit.MILLISECONDS), "the machine ended by itself");
        }
        process.destroy();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "SIGTERM did not end it");
        assertEquals(128 + 15, process.exitValue());
    }
}
