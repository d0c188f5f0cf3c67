package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.control.ControlServer;
import io.vmm4j.core.control.ControlTarget;
import io.vmm4j.core.control.MachineInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands for machines that run, with a machine of the test's behind the socket. */
@Timeout(60)
class MachineCommandsTest {

    @TempDir
    private Path directory;

    private final List<String> asked = new ArrayList<>();
    private VmExit exit = new VmExit(VmExitReason.POWEROFF, "the guest powered off");
    private ControlServer server;

    @BeforeEach
    void open() throws IOException {
        server = ControlServer.open(directory.resolve("s"), new ControlTarget() {
            @Override
            public CompletableFuture<Void> resizeVcpus(int count) {
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public MachineInfo info() {
                return new MachineInfo("web", 4711, "running", 2, 4, 512, 1500, null, null, false, null);
            }

            @Override
            public void pause() {
                asked.add("pause");
            }

            @Override
            public void resume() {
                throw new IllegalStateException("a machine that is STOPPED cannot be resumed");
            }

            @Override
            public String stats() {
                return "{\"serial\":{\"out_bytes\":7},\"drives\":{\"rootfs\":{\"reads\":3}}}";
            }

            @Override
            public String prometheus() {
                return "# TYPE a counter\na 1\n";
            }

            @Override
            public CompletableFuture<VmExit> stop(Duration atMost) {
                asked.add("stop " + atMost.toSeconds());
                return CompletableFuture.completedFuture(exit);
            }

            @Override
            public CompletableFuture<VmExit> kill() {
                return CompletableFuture.completedFuture(new VmExit(VmExitReason.STOPPED, "killed"));
            }

            @Override
            public AutoCloseable listen(Consumer<String> lines, Runnable end) {
                lines.accept("{\"event\":\"state\"}");
                end.run();
                return () -> asked.add("left");
            }
        });
    }

    @AfterEach
    void close() {
        server.close();
    }

    /** Status, output and errors of {@code words}, with the machine's socket behind them. */
    private String run(String words) {
        return print((words + " --api-sock-path " + directory.resolve("s")).split(" "));
    }

    private static String print(String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ExitCode status = new Cli("vmm", new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8)).run(words);
        return status.code() + "|" + out.toString(StandardCharsets.UTF_8) + "|" + err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void informationIsForPeopleOrForScripts() {
        assertEquals("0|name: web\npid: 4711\nstate: running\nvcpu_count: 2\nmax_vcpu_count: 4\nmem_size_mib: 512\nuptime_ms: 1500\n"
                + "console_has_window: false\n|", run("info"));
        assertEquals("0|{\"name\":\"web\",\"pid\":4711,\"state\":\"running\",\"vcpu_count\":2,\"max_vcpu_count\":4,\"mem_size_mib\":512,"
                + "\"uptime_ms\":1500,\"console_has_window\":false}\n|", run("info --json"));
    }

    @Test
    void numbersComeInThreeForms() {
        assertEquals("0|serial.out_bytes: 7\ndrives.rootfs.reads: 3\n|", run("stats"));
        assertEquals("0|{\"serial\":{\"out_bytes\":7},\"drives\":{\"rootfs\":{\"reads\":3}}}\n|", run("stats --json"));
        assertEquals("0|# TYPE a counter\na 1\n|", run("stats --prometheus"));
    }

    @Test
    void pauseSaysNothingAndARefusalIsALine() {
        assertEquals("0||", run("pause"));
        assertEquals(List.of("pause"), asked);
        assertEquals("1||vmm: " + directory.resolve("s") + ": a machine that is STOPPED cannot be resumed\n", run("resume"));
    }

    @Test
    void stopSaysWhetherTheGuestObeyed() {
        assertEquals("0|" + directory.resolve("s") + ": the guest powered off\n|", run("stop"));
        exit = new VmExit(VmExitReason.STOPPED, "the guest did not power off within 3000 ms");
        assertEquals("1||vmm: " + directory.resolve("s") + ": the guest did not power off within 3000 ms\n", run("stop --timeout 3"));
        assertEquals(List.of("stop 8", "stop 3"), asked);
        assertEquals("1|{\"machine\":\"" + directory.resolve("s") + "\",\"obeyed\":false,\"message\":\"the guest did not power off within 3000 ms\"}\n|",
                run("stop --json"));
    }

    @Test
    void killIsDoneWithoutAWord() {
        assertEquals("0||", run("kill"));
    }

    @Test
    void newsAreLinesUntilTheEnd() {
        assertEquals("0|{\"event\":\"state\"}\n|", run("events"));
    }

    @Test
    void aConsoleThatIsOnNoSocketIsNotAttachedTo() {
        assertEquals("1||vmm: machine " + directory.resolve("s")
                + " has no console on a socket: it was started in a terminal of its own, or without one\n", run("console"));
    }

    @Test
    void whatIsNoSocketIsNamedOnceAndAsThat() throws IOException {
        server.close();
        Files.createFile(directory.resolve("s"));
        assertEquals("1||vmm: no machine answers at the socket " + directory.resolve("s") + ": it is not a socket\n", run("info"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "stats", "events", "console", "pause", "resume", "stop", "kill"})
    void aMachineThatIsNotThereIsALine(String command) {
        server.close();
        assertEquals("1||vmm: no machine answers at the socket " + directory.resolve("s") + ": it does not exist\n", run(command));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "stop|a machine is missing: stop NAME, or --api-sock-path PATH",
        "console a b|unexpected argument \"b\"",
        "info a/b|machine name \"a/b\" has something else than letters, digits, '-', '_' and '.'",
        "info web --api-sock-path /s|a machine is meant by its name or by its socket: give \"web\" or --api-sock-path",
        "stop web --timeout 3601|stop timeout 3601 s is not in 0..3600 (--timeout)",
        "pause web --json|option --json does not go with the command pause",
        "--timeout 2 kill web|option --timeout does not go with the command kill",
        "stats web --json --prometheus|give --json or --prometheus",
        "stats a b --prometheus|Prometheus' format is of one machine, and 2 are meant (--prometheus)",
        "info web --json=maybe|\"maybe\" is not true or false (--json)",
        "ps web|unexpected argument \"web\"",
        "ps --api-sock-path /s|option --api-sock-path does not go with the command ps",
        "info --name web|option --name does not go with the command info",
    })
    void whatCannotBeIsOneLineAndStatusTwo(String words, String line) {
        String printed = print(words.split(" "));
        assertTrue(printed.startsWith("2||vmm: " + line + "\n"), printed);
    }

    @Test
    void aFlagTakesNoValueFromTheNextWord() {
        Arguments parsed = ArgumentParser.parse("info", "--json", "true");
        assertEquals(List.of("true"), parsed.operands());
        assertTrue(parsed.isSet(CliOption.JSON));
        assertEquals(List.of(), parsed.problems());
        assertEquals(List.of("a", "b"), ArgumentParser.parse("--timeout", "3", "stop", "a", "--json", "b").operands());
    }

    @ParameterizedTest
    @CsvSource({"0,0 s", "119,119 s", "120,2 min", "7199,119 min", "7200,2 h", "172799,47 h", "172800,2 d"})
    void uptimeIsInTheLargestUnitOfWhichThereAreTwo(long seconds, String text) {
        assertEquals(text, ListCommand.uptime(seconds));
    }

    @Test
    void aNameThatCannotBeIsReportedWithTheRest() {
        assertEquals("2||vmm: a root file system is required unless an initrd is given (--rootfs)\n"
                + "vmm: machine name \"a b\" has something else than letters, digits, '-', '_' and '.' (--name)\n"
                + "vmm: kernel image /no/such does not exist (--kernel-path)\n", print("--name", "a b", "-k", "/no/such"));
    }
}
