package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the manual page says by hand. */
class ManualTest {

    private static final Path SECTIONS = Path.of("src/main/manual/vmm.adoc");

    @Test
    void everyExampleIsACommandThatTheProgramTakes() throws Exception {
        List<String> examples = Files.readAllLines(SECTIONS).stream().filter(line -> line.startsWith("vmm ")).toList();
        assertTrue(examples.size() > 8, examples::toString);
        for (String example : examples) {
            String[] words = words(example);
            Arguments arguments = ArgumentParser.parse(Arrays.copyOfRange(words, 1, words.length));
            assertEquals(List.of(), arguments.problems(), example);
            if (!arguments.given().isEmpty() && arguments.command() == Command.BOOT) {
                assertNotNull(arguments.value(CliOption.KERNEL_PATH), example);
            }
        }
    }

    @Test
    void optionsAndCommandsThatItNamesExist() throws Exception {
        Matcher option = Pattern.compile("(?<![\\w-])--[a-z][a-z-]+").matcher(Files.readString(SECTIONS));
        int found = 0;
        while (option.find()) {
            assertNotNull(CliOption.named(option.group()), option.group());
            found++;
        }
        assertTrue(found > 0);
    }

    /** The words of a line as a shell takes it apart. */
    private static String[] words(String line) throws Exception {
        Process shell = new ProcessBuilder("/bin/sh", "-c", "printf '%s\\n' " + line).start();
        String words = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, shell.waitFor(), line);
        return words.split("\n");
    }
}
