package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever ends the program under Firecracker's name, the metrics are written a last time before. */
@Tag("kvm")
@Timeout(300)
class DoorEndsTest {

    @TempDir
    Path directory;

    private Process start(TinyKernel kernel) throws IOException {
        Path image = kernel.writeTo(directory.resolve("kernel"));
        Path config = Files.writeString(directory.resolve("config"), "{\"boot-source\": {\"kernel_image_path\": \"" + image + "\"}, \"drives\": []}");
        List<String> words = LinuxGuest.program("firecracker", "--no-api", "--config-file", config.toString(), "--metrics-path",
                directory.resolve("metrics").toString());
        return new ProcessBuilder(words).redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
    }

    private int end(Process process) throws Exception {
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the program has not ended");
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }

    private void awaitOut(Process process, String text) throws IOException {
        while (!out().contains(text)) {
            assertTrue(process.isAlive(), out());
            Thread.onSpinWait();
        }
    }

    private String out() throws IOException {
        return Files.readString(directory.resolve("out"));
    }

    /** The numbers that the first line told, and the last. */
    private List<Long> bytesOut() throws IOException {
        List<Long> counts = new ArrayList<>();
        for (String line : Files.readAllLines(directory.resolve("metrics"))) {
            assertTrue(line.startsWith("{\"utc_timestamp_ms\":") && line.endsWith("}"), line);
            counts.add(Long.parseLong(line.replaceFirst(".*\"uart\":\\{[^}]*\"write_count\":(\\d+).*", "$1")));
        }
        return counts;
    }

    private void assertAllTold() throws IOException {
        List<Long> counts = bytesOut();
        assertTrue(counts.size() >= 2, "at the start and at the end: " + counts);
        assertEquals(5, counts.stream().mapToLong(Long::longValue).sum(), "what the guest has printed: " + counts);
    }

    @ParameterizedTest
    @CsvSource({"HUP, 156", "INT, 130", "QUIT, 131", "TERM, 143"})
    void aSignal(String signal, int status) throws Exception {
        Process process = start(new TinyKernel().print("HELLO").spin());
        awaitOut(process, "HELLO");
        while (!Files.exists(directory.resolve("metrics")) || Files.size(directory.resolve("metrics")) == 0) {
            assertTrue(process.isAlive(), out());
        }
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor());
        assertEquals(status, end(process), out());
        assertAllTold();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reset", "poweroff", "triple fault", "panic", "hang after a panic"})
    void theGuest(String way) throws Exception {
        TinyKernel kernel = new TinyKernel().print("HELLO");
        switch (way) {
            case "reset" -> kernel.reset();
            case "poweroff" -> kernel.out(0x600, 0x34).spin();
            case "triple fault" -> kernel.tripleFault();
            case "panic" -> kernel.out(0x505, 1).reset();
            default -> kernel.out(0x505, 1).halt();
        }
        assertEquals(0, end(start(kernel)), out());
        assertAllTold();
    }
}
