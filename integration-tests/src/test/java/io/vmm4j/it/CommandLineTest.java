package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program itself, at a terminal and in a pipe. */
@Tag("linux")
class CommandLineTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final String CTRL_A = "\u0001";

    @TempDir
    Path directory;

    private TerminalSession linux(String... more) throws Exception {
        List<String> words = LinuxGuest.program("--kernel-path", LinuxGuest.bzImage().toString(), "--initrd-path",
                LinuxGuest.initrd().toString(), "--mem-size", "256M", "--boot-args", "console=ttyS0 quiet reboot=k panic=1 pci=off");
        words.addAll(List.of(more));
        return new TerminalSession(directory, words);
    }

    @Test
    void aPersonUsesTheGuestsShellAndLeavesByPoweroff() throws Exception {
        try (TerminalSession session = linux()) {
            session.awaitText("vmm4j-guest: init", PATIENCE);
            session.type("echo typed-$((6 * 7))\n");
            session.awaitText("typed-42", PATIENCE);
            assertFalse(session.isTerminalAsItWas(), "the terminal is raw while the guest runs");
            // The echo comes from the job itself, so the job has the terminal by the time of Ctrl-C.
            session.type("sh -c 'echo asleep-$((1 + 1)); exec sleep 1000'\n");
            session.awaitText("asleep-2", PATIENCE);
            session.type("\u0003");
            session.awaitText("^C", PATIENCE);
            session.type("echo ctrl-c-$((2 + 2))-went-to-the-guest\n");
            session.awaitText("ctrl-c-4-went-to-the-guest", PATIENCE);
            session.type("poweroff -f\n");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
    }

    @Test
    void aShellOnTheVirtioConsoleFollowsTheTerminalsSize() throws Exception {
        try (TerminalSession session = new TerminalSession(directory, LinuxGuest.program("--kernel-path", LinuxGuest.bzImage().toString(),
                "--initrd-path", LinuxGuest.initrd().toString(), "--mem-size", "256M", "--console-path", "stdio"))) {
            session.awaitText("/ # ", PATIENCE);
            session.resize(132, 43);
            session.type("until stty size | grep '^43 132'; do sleep 1; done; echo size-$((1 + 1)) on $(tty)\n");
            session.awaitText("43 132\r\nsize-2 on /dev/hvc0", PATIENCE);
            session.type("poweroff -f\n");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
    }

    @Test
    void ctrlAxEndsAGuestThatListensToNobody() throws Exception {
        try (TerminalSession session = linux()) {
            session.awaitText("vmm4j-guest: init", PATIENCE);
            session.type(CTRL_A + "h");
            session.awaitText("Ctrl-A x", PATIENCE);
            session.type(CTRL_A + "x");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
    }

    @Test
    void aTripleFaultHasAnExitStatusOfItsOwnAndOneLine() throws Exception {
        try (TerminalSession session = tiny(new TinyKernel().tripleFault())) {
            assertEquals(4, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.screen().contains("triple fault on vCPU 0 (RIP 0x"), session.screen());
            List<String> lines = session.screen().lines().filter(line -> !line.contains("Ctrl-A x ends the machine")).toList();
            assertEquals(1, lines.size(), session.screen());
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
    }

    @Test
    void aPanicHasAnExitStatusOfItsOwnAndOneLineAndOneThatOnlyTheConsoleTellsOfALine() throws Exception {
        try (TerminalSession session = tiny(new TinyKernel().out(0x505, 1).reset())) {
            assertEquals(8, session.awaitEnd(PATIENCE), session::screen);
            List<String> lines = session.screen().lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
            assertEquals(List.of("vmm: the guest's kernel panicked: the guest asked for a reset (keyboard controller)"),
                    lines.stream().filter(line -> !line.contains("Ctrl-A")).toList());
        }
        try (TerminalSession session = tiny(new TinyKernel().print("Kernel panic - not syncing: x\n").reset())) {
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.screen().contains("vmm: the guest asked for a reset (keyboard controller), after its console said \"Kernel panic"),
                    session.screen());
        }
    }

    @Test
    void theLastWordsOfAGuestReachTheLogWithoutALineEnd() throws Exception {
        Path log = directory.resolve("last.log");
        try (TerminalSession session = tiny(new TinyKernel().print(0x2f8, "first\nlast").reset(), "--log-file", log.toString())) {
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
        }
        List<String> lines = Files.readAllLines(log).stream().filter(line -> line.contains(" console: ")).toList();
        assertEquals(2, lines.size(), () -> textOf(log));
        assertTrue(lines.get(1).endsWith("last"), () -> textOf(log));
    }

    @Test
    void aRunningMachineIsChangedByTheSocketItWasGiven() throws Exception {
        Path socket = directory.resolve("control");
        // What ACPI code does to take an offered processor: NEXT, then SELECT, SOURCE and STATUS.
        TinyKernel kernel = new TinyKernel().print("ready").await32(0x628, 1 << 16 | 1).out32(0x620, 1).out32(0x62c, 1)
                .out32(0x630, 0).print("taken").spin();
        try (TerminalSession session = tiny(kernel, "--max-vcpu", "2", "--api-sock-path", socket.toString())) {
            session.awaitText("ready", PATIENCE);
            assertEquals("2 vmm: vcpu count 3 is not in 1..2 (--vcpu-resize)", update(socket, 3));
            assertEquals("0 ", update(socket, 2));
            session.awaitText("taken", PATIENCE);
            session.process().destroy();
            assertEquals(128 + 15, session.awaitEnd(PATIENCE), session::screen);
        }
        assertEquals("1 vmm: no machine answers at the socket " + socket + ": it does not exist (--api-sock-path)", update(socket, 2));
    }

    /** Exit status and output. */
    private String update(Path socket, int count) throws Exception {
        Process process = new ProcessBuilder(LinuxGuest.program("--api-sock-path", socket.toString(), "update", "--vcpu-resize", String.valueOf(count)))
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() + " " + output.strip();
    }

    private TerminalSession tiny(TinyKernel kernel, String... more) throws Exception {
        return new TerminalSession(directory, TinyProgram.words(directory, kernel, more));
    }

    @Test
    void commandsPipedInBeforeTheGuestIsUpAreNotLost() throws Exception {
        Path input = Files.writeString(directory.resolve("input"), "echo piped-$((6 * 7))\nmount | head -n 1\npoweroff -f\n");
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(LinuxGuest.program("--kernel-path", LinuxGuest.bzImage().toString(), "--initrd-path",
                LinuxGuest.initrd().toString(), "--mem-size", "256", "--boot-args", "console=ttyS0 quiet reboot=k panic=1 pci=off"))
                .directory(directory.toFile()).redirectInput(input.toFile()).redirectOutput(output.toFile())
                .redirectErrorStream(true).start();
        assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS),
                () -> "no end; the output so far: " + textOf(output));
        assertEquals(0, process.exitValue(), () -> textOf(output));
        assertTrue(textOf(output).contains("piped-42"), () -> textOf(output));
    }

    @Test
    void aConfigurationFileBootsAMachineAndItsSecondSerialPortIsTheLog() throws Exception {
        Path log = directory.resolve("machine.log");
        Path config = Files.writeString(directory.resolve("vm.json"), """
                {"boot-source": {"kernel_image_path": "%s", "initrd_path": "%s",
                                 "boot_args": "%s"},
                 "machine-config": {"vcpu_count": 2, "mem_size_mib": 256},
                 "logger": {"log_path": "%s", "level": "info"}}
                """.formatted(LinuxGuest.vmlinux(), LinuxGuest.initrd(), LinuxGuest.arguments("nproc; echo for-the-log >/dev/ttyS1", "poweroff"), log));
        try (TerminalSession session = new TerminalSession(directory, LinuxGuest.program("run", config.toString()))) {
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
            // The kernel says between the lines that it powers off.
            String answer = session.screen().replace("\r", "").replaceAll("(?m)^\\[ *\\d+\\.\\d+\\] .*\n", "");
            assertTrue(answer.contains("<<answer\n2\nanswer>>"), session.screen());
        }
        assertTrue(Files.readString(log).contains("for-the-log"), () -> textOf(log));
        assertFalse(Files.readString(log).contains(" WARN "), () -> textOf(log));
    }

    private static String textOf(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
