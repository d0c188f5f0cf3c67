package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths that cannot be: for a socket, or in the locale's encoding. */
class BadPathTest {

    private static List<String> refusals(String... words) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ExitCode status = new Cli("vmm", new PrintStream(OutputStream.nullOutputStream()), new PrintStream(err, true, StandardCharsets.UTF_8)).run(words);
        assertEquals(ExitCode.USAGE, status);
        return err.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--vsock", "--serial-path", "--console-path"})
    void aSocketPathThatIsTooLongIsNamedWithTheBound(String option) {
        String path = "/tmp/" + "x".repeat(103);
        List<String> lines = refusals("-k", "/no/kernel", "-i", "/no/initrd", option, path);
        assertTrue(lines.contains("vmm: socket path \"" + path + "\" of 108 bytes is above the limit of 107 (" + option + ")"), lines::toString);
    }

    @Test
    void aNameWhoseBytesAreNoTextHereIsNotSaidToBeMissing() {
        List<String> lines = refusals("-k", "/no/\uFFFD", "-i", "/no/initrd");
        assertTrue(lines.get(0).startsWith("vmm: \"/no/\uFFFD\" has bytes that are no text in this locale's encoding, "), lines::toString);
        assertEquals(2, lines.size(), lines::toString);
    }
}
