package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.AutoComplete;

/** The generated completion, sourced by bash as a user's shell does. */
class CompletionTest {

    private static final Path BASH = Path.of("/bin/bash");

    @TempDir
    private Path directory;

    @Test
    void optionsAreCompleted() throws Exception {
        assertEquals(List.of("--kernel-path"), complete("vmm", "--ker"));
        assertEquals(List.of("--dies-per-socket"), complete("vmm", "create", "--die"));
    }

    @Test
    void valuesThatCanBeListedAreCompleted() throws Exception {
        assertEquals(List.of("hugetlbfs", "hugeshmem", "hugeanon"), complete("vmm", "--mem-type", "hu"));
        assertEquals(List.of("true", "false"), complete("vmm", "--is-root", ""));
    }

    @Test
    void filesAreCompletedWherePathsAreWanted() throws Exception {
        Path kernel = Files.createFile(directory.resolve("vmlinux-6.1"));
        assertEquals(List.of(kernel.toString()), complete("vmm", "-k", directory + "/vml"));
    }

    @Test
    void commandsAreCompleted() throws Exception {
        assertTrue(complete("vmm", "do").contains("doctor"));
        assertTrue(complete("dbs-cli", "cr").contains("create"));
    }

    @Test
    void commandsBehindACommandAreCompleted() throws Exception {
        assertEquals(List.of("verify"), complete("vmm", "snapshot", "ver"));
        assertEquals(List.of("--json"), complete("vmm", "snapshot", "info", "--js"));
        assertEquals(List.of("--write-to-image"), complete("vmm", "restore", "--wri"));
    }

    private List<String> complete(String... words) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(BASH), "bash is not installed");
        String program = words[0];
        Path script = Files.writeString(directory.resolve(program), AutoComplete.bash(program, UsageModel.of(program)));
        String quoted = String.join(" ", Arrays.stream(words).map(word -> "'" + word + "'").toList());
        // compopt works only while bash itself completes.
        String ask = "compopt() { :; }; set -e; . '" + script + "'; set +e; COMP_WORDS=(" + quoted + "); COMP_CWORD=" + (words.length - 1)
                + "; COMP_LINE=\"${COMP_WORDS[*]}\"; _complete_" + program + "; printf '%s\\n' \"${COMPREPLY[@]}\"";
        Process bash = new ProcessBuilder(BASH.toString(), "-c", ask).redirectErrorStream(true).start();
        String answer = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        bash.waitFor();
        return answer.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }
}
