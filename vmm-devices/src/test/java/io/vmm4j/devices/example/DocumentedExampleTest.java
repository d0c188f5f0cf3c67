package io.vmm4j.devices.example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The example in docs/devices.md is the one that is compiled and tested here. */
class DocumentedExampleTest {

    private static final int MOST_LINES = 110;
    private static final Path EXAMPLE = Path.of("src/test/java/io/vmm4j/devices/example");

    @Test
    void thePageShowsTheDeviceAndTheTestAsTheyAreAndBriefly() throws IOException {
        String page = Files.readString(Path.of("../docs/devices.md"));
        List<String> device = shown("Shouter.java");
        List<String> test = shown("ShouterTest.java");
        assertTrue(page.contains(String.join("\n", device)), "docs/devices.md shows another Shouter");
        assertTrue(page.contains(String.join("\n", test)), "docs/devices.md shows another ShouterTest");
        int lines = device.size() + test.size();
        assertTrue(lines < MOST_LINES, "the example has " + lines + " lines");
    }

    /** A source file without its package, which is the reader's own. */
    private static List<String> shown(String file) throws IOException {
        List<String> lines = Files.readAllLines(EXAMPLE.resolve(file));
        assertTrue(lines.get(0).startsWith("package "), file);
        return lines.subList(2, lines.size());
    }
}
