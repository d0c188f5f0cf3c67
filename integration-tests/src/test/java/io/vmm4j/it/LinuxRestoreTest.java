package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian saved from a shell, its process killed, and going on at a terminal, by the program itself. */
@Tag("linux")
class LinuxRestoreTest {

    private static final Duration PATIENCE = Duration.ofMinutes(8);
    private static final String CTRL_A = "\u0001";
    private static final String SCRIPT = "echo ready to count; n=0; while read line; do n=$((n + 1)); echo \"number $n was $line.\"; "
            + "[ \"$line\" = quit ] && break; done </dev/ttyS0";

    @TempDir
    Path directory;

    private List<String> words(String... arguments) {
        List<String> words = LinuxGuest.program(arguments);
        words.addAll(1, List.of("XDG_RUNTIME_DIR=" + directory));
        return words;
    }

    /** Runs the program and returns its standard output; it has nothing to complain of. */
    private String vmm(String... arguments) throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        int status = new ProcessBuilder(words(arguments)).directory(directory.toFile()).redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile()).start().waitFor();
        assertEquals("0|", status + "|" + Files.readString(err), () -> String.join(" ", arguments));
        return Files.readString(out);
    }

    private static long number(String key, String json) {
        Matcher found = Pattern.compile("\"" + key + "\":(\\d+)").matcher(json);
        assertTrue(found.find(), json);
        return Long.parseLong(found.group(1));
    }

    private void count(TerminalSession terminal, int number, String line) throws IOException {
        terminal.type(line + "\r");
        terminal.awaitText("number " + number + " was " + line + ".", PATIENCE);
    }

    private void countByConsole(int number, String line) throws Exception {
        try (TerminalSession terminal = new TerminalSession(directory, words("console", "web"))) {
            if (number == 1) {
                terminal.awaitText("ready to count", PATIENCE);
            }
            count(terminal, number, line);
            terminal.type(CTRL_A + "d");
            assertEquals(0, terminal.awaitEnd(PATIENCE), terminal.screen());
        }
    }

    @Test
    void aGuestThatWasSavedGoesOnAtATerminalAfterItsProcessWasKilled() throws Exception {
        Path root = Files.copy(LinuxGuest.image("guest/rootfs.ext4"), directory.resolve("root.img"));
        List<String> boot = new ArrayList<>(List.of("--name", "web", "--detach", "-k", LinuxGuest.bzImage().toString(), "-i", LinuxGuest.initrd().toString(),
                "-r", root.toString(), "--is-read-only", "-m", "256", "-b", LinuxGuest.arguments(SCRIPT, "poweroff")));
        assertEquals("web\n", vmm(boot.toArray(String[]::new)));
        countByConsole(1, "one");
        assertEquals("", vmm("snapshot", "full", "web"));
        countByConsole(2, "two");
        assertEquals("", vmm("snapshot", "diff", "web", "--diff-of", "full", "--pause"));
        String info = vmm("info", "--json", "web");
        assertTrue(info.contains("\"state\":\"paused\""), info);
        ProcessHandle process = ProcessHandle.of(number("pid", info)).orElseThrow();
        Processes.kill(process);
        assertTrue(4 * number("used_bytes", vmm("snapshot", "info", "--json", "diff")) < number("used_bytes", vmm("snapshot", "info", "--json", "full")));

        vmm("snapshot", "merge", "full", "diff", "merged");
        assertTrue(vmm("snapshot", "verify", "merged").contains("are as they were saved"));
        try (TerminalSession terminal = new TerminalSession(directory, words("restore", "merged"))) {
            count(terminal, 3, "three");
            count(terminal, 4, "quit");
            assertEquals(0, terminal.awaitEnd(PATIENCE), terminal.screen());
            assertTrue(terminal.isTerminalAsItWas());
        }
        goesOnFromTheFirstAndIsSavedAsADiffToIt();
    }

    private void goesOnFromTheFirstAndIsSavedAsADiffToIt() throws Exception {
        try (TerminalSession terminal = new TerminalSession(directory, words("restore", "full", "--name", "again"))) {
            count(terminal, 2, "other");
            vmm("snapshot", "second", "again", "--diff-of", "full", "--stop");
            assertEquals(0, terminal.awaitEnd(PATIENCE), terminal.screen());
        }
        vmm("snapshot", "merge", "--replace", "full", "second", "full");
        assertEquals("again\n", vmm("restore", "full", "--name", "again", "--detach", "--paused"));
        String info = vmm("info", "--json", "again");
        assertTrue(info.contains("\"state\":\"paused\""), info);
        vmm("resume", "again");
        try (TerminalSession terminal = new TerminalSession(directory, words("console", "again"))) {
            count(terminal, 3, "quit");
            assertEquals(0, terminal.awaitEnd(PATIENCE), terminal.screen());
        }
    }
}
