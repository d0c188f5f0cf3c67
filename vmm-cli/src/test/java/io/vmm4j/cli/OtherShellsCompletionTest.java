package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.cli.docs.FishCompletion;
import io.vmm4j.cli.docs.ZshCompletion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The completion of zsh and fish, as those shells complete by it. */
class OtherShellsCompletionTest {

    private static final Pattern IN_BRACKETS = Pattern.compile("<(.*)>\\s*");

    @TempDir
    private Path directory;

    /** The shells, each with its way to be asked without a terminal. */
    enum Shell {
        FISH("/usr/bin/fish") {
            @Override
            Set<String> complete(Path directory, String line) throws IOException, InterruptedException {
                String program = line.substring(0, line.indexOf(' '));
                Path script = Files.writeString(directory.resolve("script.fish"), FishCompletion.of(program, UsageModel.of(program)));
                // Candidates stand in front of a tabulator and what they do; those of a value behind its option's name.
                return run(directory, path(), "--no-config", "-c", "source " + script + "; complete -C '" + line + "'")
                        .map(candidate -> candidate.split("\t")[0].replaceFirst("^--[a-z-]+=(?=.)", "")).collect(Collectors.toCollection(TreeSet::new));
            }
        },
        ZSH("/usr/bin/zsh") {
            @Override
            Set<String> complete(Path directory, String line) throws IOException, InterruptedException {
                Files.writeString(directory.resolve("_vmm"), ZshCompletion.of(List.of("vmm", "dbs-cli"), UsageModel.of("vmm")));
                Path asker = Path.of("src/test/resources/io/vmm4j/cli/complete.zsh").toAbsolutePath();
                return run(directory, path(), "-f", asker.toString(), directory.toString(), line).map(IN_BRACKETS::matcher)
                        .filter(Matcher::matches).map(found -> found.group(1)).collect(Collectors.toCollection(TreeSet::new));
            }
        };

        private final String path;

        Shell(String path) {
            this.path = path;
        }

        String path() {
            return path;
        }

        abstract Set<String> complete(Path directory, String line) throws IOException, InterruptedException;
    }

    @ParameterizedTest
    @EnumSource
    void optionsAreCompleted(Shell shell) throws Exception {
        assertEquals(Set.of("--kernel-path"), complete(shell, "vmm --ker"));
        assertEquals(Set.of("--dies-per-socket"), complete(shell, "vmm create --die"));
        assertTrue(complete(shell, "vmm stats --pr").contains("--prometheus"));
        assertEquals(Set.of(), complete(shell, "vmm stats --ker"), "an option that the command does not take");
    }

    @ParameterizedTest
    @EnumSource
    void valuesThatCanBeListedAreCompleted(Shell shell) throws Exception {
        assertEquals(Set.of("hugetlbfs", "hugeshmem", "hugeanon"), complete(shell, "vmm --mem-type hu"));
        assertEquals(Set.of("true", "false"), complete(shell, "vmm --is-root="));
    }

    @ParameterizedTest
    @EnumSource
    void filesAreCompletedWherePathsAreWantedAndNowhereElse(Shell shell) throws Exception {
        Files.createFile(directory.resolve("vmlinux-6.1"));
        assertEquals(Set.of("vmlinux-6.1"), complete(shell, "vmm -k vml"));
        assertEquals(Set.of("vmlinux-6.1"), complete(shell, "vmm run vml"));
        assertEquals(Set.of(), complete(shell, "vmm --mem-size vml"));
    }

    @ParameterizedTest
    @EnumSource
    void commandsAreCompleted(Shell shell) throws Exception {
        assertEquals(Set.of("doctor"), complete(shell, "vmm do"));
        assertEquals(Set.of("create"), complete(shell, "dbs-cli cr"));
        assertEquals(Set.of("run", "resume", "restore"), complete(shell, "vmm help r"));
    }

    @ParameterizedTest
    @EnumSource
    void commandsBehindACommandAreCompletedAndSoAreTheirOptions(Shell shell) throws Exception {
        Files.createDirectory(directory.resolve("versions"));
        Set<String> first = complete(shell, "vmm snapshot ve").stream().map(word -> word.replace("/", "")).collect(Collectors.toSet());
        assertEquals(Set.of("verify", "versions"), first);
        assertTrue(complete(shell, "vmm snapshot info --js").contains("--json"));
        assertEquals(Set.of(), complete(shell, "vmm snapshot info --api-s"), "an option of the info that is about machines");
        assertEquals(Set.of(), complete(shell, "vmm snapshot verify --js"));
        assertEquals(Set.of("--diff-of"), complete(shell, "vmm snapshot --dif"));
        assertTrue(complete(shell, "vmm info --js").contains("--json"));
    }

    private Set<String> complete(Shell shell, String line) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of(shell.path())), shell + " is not installed");
        return shell.complete(directory, line);
    }

    private static Stream<String> run(Path directory, String... words) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile());
        builder.environment().put("HOME", directory.toString());
        builder.environment().put("LC_ALL", "C.UTF-8");
        Process process = builder.start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return answer.lines().filter(text -> !text.isBlank());
    }
}
