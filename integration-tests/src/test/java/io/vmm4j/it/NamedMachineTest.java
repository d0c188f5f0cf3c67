package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Machines with names, by the program itself and with guests of a few bytes. */
@Tag("kvm")
@Timeout(600)
class NamedMachineTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String CTRL_A = "\u0001";

    @TempDir
    Path directory;

    private final List<String> started = new ArrayList<>();

    /** What a run of the program has come to. */
    private record Run(int status, String out, String err) {
    }

    private List<String> words(String... arguments) {
        List<String> words = LinuxGuest.program(arguments);
        words.addAll(1, List.of("XDG_RUNTIME_DIR=" + directory));
        return words;
    }

    private Run vmm(String... arguments) throws Exception {
        return run(words(arguments));
    }

    private Run run(List<String> words) throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "out", "");
        Path err = Files.createTempFile(directory, "err", "");
        int status = new ProcessBuilder(words).directory(directory.toFile()).redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile()).start().waitFor();
        return new Run(status, Files.readString(out), Files.readString(err));
    }

    private Run detach(TinyKernel kernel, String... more) throws Exception {
        List<String> words = TinyProgram.words(directory, kernel, "--detach", "--mem-size", "32");
        words.addAll(1, List.of("XDG_RUNTIME_DIR=" + directory));
        words.addAll(List.of(more));
        Run run = run(words);
        if (run.status() == 0) {
            started.add(run.out().strip());
        }
        return run;
    }

    private static TinyKernel echo() {
        return new TinyKernel().print("ready\r\n").echoUntil('q').print("bye").reset();
    }

    /** Powers off when it sees the power button. */
    private static TinyKernel obedient() {
        return new TinyKernel().awaitBits(0x604, 1).out(0x600, 0x34).spin();
    }

    private Map<String, String> states() throws Exception {
        String list = vmm("ps", "--json").out();
        Matcher machine = Pattern.compile("\"name\":\"([^\"]*)\"[^}]*\"state\":\"([^\"]*)\"").matcher(list);
        Map<String, String> states = new TreeMap<>();
        while (machine.find()) {
            states.put(machine.group(1), machine.group(2));
        }
        return states;
    }

    private long pidOf(String name) throws Exception {
        Matcher pid = Pattern.compile("\"pid\":(\\d+)").matcher(vmm("info", "--json", name).out());
        assertTrue(pid.find());
        return Long.parseLong(pid.group(1));
    }

    @AfterEach
    void endAll() throws Exception {
        if (!started.isEmpty()) {
            List<String> kill = new ArrayList<>(List.of("kill"));
            kill.addAll(started);
            vmm(kill.toArray(String[]::new));
        }
    }

    @Test
    void aMachineWhoseNameCannotBePrintedRunsAndIsNamedOnStandardError() throws Exception {
        List<String> words = TinyProgram.words(directory, echo(), "--detach", "--mem-size", "32", "--name", "web");
        words.addAll(1, List.of("XDG_RUNTIME_DIR=" + directory));
        started.add("web");
        List<String> shell = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >/dev/full", "sh"));
        shell.addAll(words);
        assertEquals(new Run(0, "", "vmm: machine web runs; standard output cannot be written to\n"), run(shell));
        assertEquals(Map.of("web", "running"), states());
    }

    @Test
    void whatAGuestPrintsWhereNothingCanBeWrittenIsMissedInALineAtTheEnd() throws Exception {
        List<String> shell = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >/dev/full", "sh"));
        shell.addAll(TinyProgram.words(directory, new TinyKernel().print("hello").reset(), "--mem-size", "32"));
        assertEquals(new Run(0, "", "vmm: standard output could not be written to: what the guest printed is lost from there on\n"), run(shell));
    }

    @Test
    void machinesGoOnInTheBackgroundAndAreReachedByTheirNames() throws Exception {
        assertEquals(new Run(0, "web\n", ""), detach(echo(), "--name", "web"));
        assertEquals(new Run(0, "vm-1\n", ""), detach(echo()));
        assertEquals(new Run(0, "db\n", ""), detach(obedient(), "--name", "db"));
        assertEquals(Map.of("db", "running", "vm-1", "running", "web", "running"), states());
        assertTrue(Files.readString(Path.of("/proc/" + pidOf("web") + "/stat")).matches("\\d+ \\(.*\\) \\S+ \\d+ (\\d+) \\1 0 .*\n"),
                "it leads a session without a terminal");

        assertEquals(new Run(0, "", ""), vmm("pause", "web", "vm-1"));
        assertEquals(Map.of("db", "running", "vm-1", "paused", "web", "paused"), states());
        assertEquals(new Run(0, "", ""), vmm("resume", "web", "vm-1"));

        ProcessHandle victim = ProcessHandle.of(pidOf("vm-1")).orElseThrow();
        Processes.kill(victim);
        assertEquals(Map.of("db", "running", "vm-1", "gone", "web", "running"), states(), "a killed one is listed once");
        assertEquals(Map.of("db", "running", "web", "running"), states());
        assertEquals("vmm: there is no machine vm-1 in " + directory.resolve("vmm4j") + "\n", vmm("pause", "vm-1").err());

        assertEquals(new Run(0, "db: the guest powered off\n", ""), vmm("stop", "db"));
        assertEquals(new Run(1, "", "vmm: web: the guest did not notice the power button within 125 ms\n"), vmm("stop", "web", "--timeout", "1"));
        assertEquals(new Run(0, "[]\n", ""), vmm("ps", "--json"));
        assertTrue(Files.readString(directory.resolve("vmm4j/web.log")).contains("[web/"), "threads have the name");
    }

    @Test
    void twoMachinesCannotHaveOneName() throws Exception {
        assertEquals(0, detach(echo(), "--name", "web").status());
        String line = "vmm: a machine called web runs already, process " + pidOf("web") + " (--name)\n";
        assertEquals(new Run(2, "", line), detach(echo(), "--name", "web"));
        assertEquals(Map.of("web", "running"), states());
    }

    @Test
    void whatKeepsAMachineFromRunningIsToldAsInTheForeground() throws Exception {
        String[] words = {"--name", "web", "-k", directory.resolve("none").toString(), "-r", directory.resolve("none").toString()};
        Run foreground = vmm(words);
        List<String> detached = new ArrayList<>(List.of(words));
        detached.add("--detach");
        assertEquals(foreground, vmm(detached.toArray(String[]::new)));
        assertEquals(2, foreground.status());
        assertEquals(Map.of(), states());
        assertFalse(Files.exists(directory.resolve("vmm4j/web.sock")));
    }

    @Test
    void aTerminalIsAttachedToAConsoleAndLeavesIt() throws Exception {
        assertEquals(0, detach(echo(), "--name", "web").status());
        try (TerminalSession session = new TerminalSession(directory, words("console", "web"))) {
            session.awaitText("Ctrl-A d leaves the machine running", PATIENCE);
            session.awaitText("ready", PATIENCE);
            session.type("hello");
            session.awaitText("hello", PATIENCE);
            assertEquals(new Run(1, "", "vmm: another client is connected to the console of machine web\n"), vmm("console", "web"));
            session.type("typed last" + CTRL_A + "d");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.screen().contains("vmm: machine web goes on"), session.screen());
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
        assertEquals(Map.of("web", "running"), states());
        try (TerminalSession session = new TerminalSession(directory, words("console", "web"))) {
            session.awaitText("Ctrl-A d leaves the machine running", PATIENCE);
            session.awaitText("typed last", PATIENCE);
            session.type("again");
            session.awaitText("again", PATIENCE);
            session.type("q");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.screen().contains("bye"), session.screen());
            assertTrue(session.screen().contains("vmm: machine web has ended"), session.screen());
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
    }

    @Test
    void ctrlAxInAConsoleEndsTheMachine() throws Exception {
        assertEquals(0, detach(echo(), "--name", "web").status());
        try (TerminalSession session = new TerminalSession(directory, words("console", "web"))) {
            session.awaitText("ready", PATIENCE);
            session.type(CTRL_A + "x");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
        assertEquals(Map.of(), states());
    }

    @Test
    void aMachineOutlivesTheTerminalItWasStartedAt() throws Exception {
        List<String> words = TinyProgram.words(directory, echo(), "--detach", "--name", "web");
        words.addAll(1, List.of("XDG_RUNTIME_DIR=" + directory));
        try (TerminalSession session = new TerminalSession(directory, words)) {
            session.awaitText("web", PATIENCE);
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
        }
        started.add("web");
        assertEquals(Map.of("web", "running"), states());
    }

    @Test
    void ofStartsAtOnceWithOneNameOneHasIt() throws Exception {
        List<Process> starts = new ArrayList<>();
        List<Path> said = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            List<String> words = TinyProgram.words(directory, echo(), "--detach", "--mem-size", "32", "--name", "web");
            words.addAll(1, List.of("XDG_RUNTIME_DIR=" + directory));
            said.add(Files.createTempFile(directory, "said", ""));
            starts.add(new ProcessBuilder(words).redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true)
                    .redirectOutput(said.get(i).toFile()).start());
        }
        started.add("web");
        List<Integer> statuses = new ArrayList<>();
        for (Process start : starts) {
            statuses.add(start.waitFor());
        }
        assertEquals(List.of(0, 2, 2), statuses.stream().sorted().toList(), () -> said.stream().map(NamedMachineTest::text).toList().toString());
        String line = "vmm: a machine called web runs already, process " + pidOf("web") + " (--name)\n";
        for (int i = 0; i < 3; i++) {
            assertEquals(statuses.get(i) == 0 ? "web\n" : line, Files.readString(said.get(i)));
        }
        assertEquals(Map.of("web", "running"), states());
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void aNameIsFreeAgainAfterEveryKindOfEnd() throws Exception {
        assertEquals(0, detach(echo(), "--name", "web").status());
        ProcessHandle victim = ProcessHandle.of(pidOf("web")).orElseThrow();
        Processes.kill(victim);
        assertEquals(new Run(0, "web\n", ""), detach(echo(), "--name", "web"), "what a killed process left is in nobody's way");
        assertEquals(0, vmm("kill", "web").status());
        assertEquals(new Run(0, "web\n", ""), detach(obedient(), "--name", "web"));
        assertEquals(0, vmm("stop", "web", "--timeout", "60").status());
        assertEquals(new Run(0, "web\n", ""), detach(echo(), "--name", "web"));
        assertEquals(new Run(0, "", ""), vmm("pause", "web"));
        assertEquals(new Run(0, "", ""), vmm("pause", "web"), "it is paused already");
        assertEquals(new Run(0, "", ""), vmm("resume", "web"));
        assertEquals(new Run(0, "", ""), vmm("resume", "web"), "it runs already");
        assertEquals(new Run(0, "", ""), vmm("pause", "web"));
        assertEquals(0, vmm("kill", "web").status(), "a paused one too");
        assertEquals(Map.of(), states());
        assertFalse(Files.exists(directory.resolve("vmm4j/web.sock")));
    }

    @Test
    void aConsoleIsLeftWhileTheGuestPrintsWithoutEnd() throws Exception {
        assertEquals(0, detach(new TinyKernel().flood(Integer.MAX_VALUE).spin(), "--name", "web").status());
        for (int visit = 0; visit < 2; visit++) {
            try (TerminalSession session = new TerminalSession(directory, words("console", "web"))) {
                session.awaitText("Ctrl-A d leaves the machine running", PATIENCE);
                session.awaitText("abcdefghijklmnopqrstuvwxyz", PATIENCE);
                session.type(CTRL_A + "d");
                assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
                assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
            }
        }
        assertEquals(Map.of("web", "running"), states());
    }

    @Test
    void aRuntimeDirectoryThatOthersMayEnterIsRefused() throws Exception {
        Path open = Files.createDirectory(directory.resolve("vmm4j"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        Run refused = detach(echo(), "--name", "web");
        assertTrue(refused.status() != 0 && refused.err().startsWith("vmm: ") && refused.err().contains(open.toString()), refused.toString());
        assertEquals(1, refused.err().lines().count(), refused.err());
        assertFalse(Files.exists(open.resolve("web.sock")));
    }

    @Test
    void aScriptHearsWhatHappens() throws Exception {
        assertEquals(0, detach(obedient(), "--name", "web").status());
        Path heard = directory.resolve("heard");
        Process events = new ProcessBuilder(words("events", "web")).redirectOutput(heard.toFile()).start();
        // Said again until the listener is there.
        while (!Files.readString(heard, StandardCharsets.UTF_8).contains("paused")) {
            assertEquals(0, vmm("pause", "web").status());
            assertEquals(0, vmm("resume", "web").status());
        }
        assertEquals(0, vmm("stop", "web", "--timeout", "60").status());
        assertEquals(0, events.waitFor());
        List<String> lines = Files.readAllLines(heard);
        assertTrue(lines.get(lines.size() - 1).contains("\"event\":\"ended\",\"reason\":\"poweroff\""), lines::toString);
    }
}
