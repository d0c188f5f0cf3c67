package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.Termios;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class StdioConsoleTest {
    private static final String GREETING = "vmm: Ctrl-A x ends the machine, Ctrl-A h says what else there is\r\n";

    private final RecordingPort port = new RecordingPort();
    private TestTerminal terminal;
    private byte[] before;

    @TempDir
    private Path directory;

    @BeforeEach
    void openTerminal() throws Exception {
        terminal = new TestTerminal();
        before = terminal.settings();
    }

    @AfterEach
    void closeTerminal() {
        terminal.close();
    }

    private StdioConsole attached() throws Exception {
        StdioConsole console = new StdioConsole(terminal.fd(), terminal.fd(), System::nanoTime);
        console.attach(port);
        return console;
    }

    private static void print(StdioConsole console, String text) {
        for (byte octet : text.getBytes(StandardCharsets.ISO_8859_1)) {
            console.output().write(octet & 0xFF);
        }
    }

    @Test
    void theTerminalIsRawWhileAttachedAndTheSameByteForByteAfterwards() throws Exception {
        Termios found = Termios.snapshot(terminal.fd());
        StdioConsole console = attached();
        assertEquals(found.raw(), Termios.snapshot(terminal.fd()), "raw mode while attached");
        console.close();
        assertArrayEquals(before, terminal.settings(), "every setting put back");
    }

    /** A port that can be told the size of the window. */
    private static final class WindowPort extends RecordingPort {

        private final LinkedBlockingQueue<String> sizes = new LinkedBlockingQueue<>();

        @Override
        public boolean hasWindow() {
            return true;
        }

        @Override
        public void resize(int columns, int rows) {
            sizes.add(columns + "x" + rows);
        }

        boolean awaitSize(String size) throws InterruptedException {
            String next = "";
            while (next != null && !next.equals(size)) {
                next = sizes.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            }
            return next != null;
        }
    }

    @Test
    void aPortWithAWindowIsToldItsSizeAtFirstAndOnSigwinch() throws Exception {
        WindowPort windowed = new WindowPort();
        terminal.resize(132, 43);
        StdioConsole console = new StdioConsole(terminal.fd(), terminal.fd(), System::nanoTime);
        console.attach(windowed);
        assertEquals("132x43", windowed.sizes.poll(), "the size is known before the guest runs");
        terminal.resize(100, 50);
        assertEquals(0, new ProcessBuilder("sh", "-c", "kill -WINCH $PPID").start().waitFor());
        assertTrue(windowed.awaitSize("100x50"), "the new size was not told");
        console.close();
        assertArrayEquals(before, terminal.settings(), "every setting put back");
    }

    @Test
    void aSecondCloseDoesNotTouchTheTerminalAgain() throws Exception {
        StdioConsole console = attached();
        console.close();
        Termios later = Termios.snapshot(terminal.fd()).raw();
        later.apply(terminal.fd());
        console.close();
        assertEquals(later, Termios.snapshot(terminal.fd()), "settings someone else made since");
    }

    @Test
    void nothingIsTouchedBeforeAttach() {
        StdioConsole console = new StdioConsole(terminal.fd(), terminal.fd(), System::nanoTime);
        assertArrayEquals(before, terminal.settings(), "settings before attach");
        console.close();
        assertArrayEquals(before, terminal.settings(), "settings after a close without attach");
        assertThrows(IllegalStateException.class, () -> console.attach(port), "a closed console stays closed");
    }

    @Test
    void settingsArePutBackWithTextThatTheTerminalDoesNotTake() throws Exception {
        StdioConsole console = attached();
        String flood = "x".repeat(OutputBuffer.CAPACITY);
        print(console, flood);
        console.close();
        assertArrayEquals(before, terminal.settings(), "every setting put back");
    }

    @Test
    void keysReachTheGuestAsTheyAreCtrlCToo() throws Exception {
        try (StdioConsole console = attached()) {
            terminal.type("ls\r\u0003\u0011\u0013\u001a\u0004\u00ff");
            assertEquals("ls\r\u0003\u0011\u0013\u001a\u0004\u00ff", port.awaitText(9), "bytes for the guest");
            print(console, "done");
            assertTrue(terminal.awaitText("done"), "output");
            assertEquals(GREETING + "done", terminal.screen(), "nothing was echoed or changed");
        }
    }

    @Test
    void ctrlAXAsksForTheEnd() throws Exception {
        try (StdioConsole console = attached()) {
            terminal.type("a\u0001\u0001b");
            assertEquals("a\u0001b", port.awaitText(3), "bytes for the guest");
            assertFalse(port.isStopAsked(), "end asked for before Ctrl-A x");
            terminal.type("\u0001x");
            assertEquals("Ctrl-A x on the console", port.awaitStop(), "why the machine ends");
        }
    }

    @Test
    void ctrlAHPrintsTheHelpLine() throws Exception {
        try (StdioConsole console = attached()) {
            terminal.type("\u0001h");
            assertTrue(terminal.awaitText("Ctrl-A x ends the machine"), "help on the terminal");
            assertTrue(terminal.awaitText("\r\n"), "with its own line end");
        }
    }

    @Test
    void theEscapeIsSeenWhileTheGuestReadsNothing() throws Exception {
        port.holdBack();
        try (StdioConsole console = attached()) {
            terminal.type(new byte[InputQueue.CAPACITY / 2]);
            terminal.type("\u0001x");
            assertEquals("Ctrl-A x on the console", port.awaitStop(), "why the machine ends");
        }
        assertArrayEquals(before, terminal.settings(), "every setting put back");
    }

    @Test
    void theEscapeIsSeenBehindAPasteThatHasNoRoom() throws Exception {
        port.holdBack();
        try (StdioConsole console = attached()) {
            terminal.type(new byte[InputQueue.TYPED_CAPACITY + (1 << 20)]);
            assertTrue(terminal.awaitText("what is typed is dropped; Ctrl-A x ends the machine\r\n"), "the loss is told");
            terminal.type("\u0001x");
            assertEquals("Ctrl-A x on the console", port.awaitStop(), "why the machine ends");
            assertEquals(terminal.screen().indexOf("dropped"), terminal.screen().lastIndexOf("dropped"), "told once");
        }
        assertArrayEquals(before, terminal.settings(), "every setting put back");
    }

    @Test
    void whatIsTypedWhileTheMachineEndsIsNotLeftToAShell() throws Exception {
        StdioConsole console = attached();
        terminal.type("\u0001x");
        port.awaitStop();
        terminal.type("rm -rf\r");
        console.close();
        assertEquals(0, terminal.unread());
        assertArrayEquals(before, terminal.settings(), "every setting put back");
    }

    @Test
    void theRestOfAPasteIsNotLeftToAShell() throws Exception {
        StdioConsole console = attached();
        byte[] paste = "rm -rf\r".repeat(1 << 17).getBytes(StandardCharsets.ISO_8859_1);
        CompletableFuture<Void> pasting = CompletableFuture.runAsync(() -> {
            try {
                terminal.type(paste);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        port.awaitText(1);
        console.close();
        pasting.get(RecordingPort.LIMIT_SECONDS, TimeUnit.SECONDS);
        assertEquals(0, terminal.unread());
    }

    @Test
    void aTerminalIsOneConsolesAtATime() throws Exception {
        StdioConsole first = attached();
        StdioConsole second = new StdioConsole(terminal.fd(), terminal.fd(), System::nanoTime);
        IOException refused = assertThrows(IOException.class, () -> second.attach(port));
        assertEquals("the terminal on standard input is the console of another machine of this process", refused.getMessage());
        second.close();
        assertNotEquals(before[12], terminal.settings()[12], "the first one's terminal is still raw");
        first.close();
        assertArrayEquals(before, terminal.settings(), "every setting put back");
        attached().close();
        assertArrayEquals(before, terminal.settings(), "another may follow");
    }

    @Test
    void aScriptsOutputHasNoGreeting() throws Exception {
        Path out = Files.createFile(directory.resolve("out"));
        try (Fd file = TestTerminal.open(out); StdioConsole console = new StdioConsole(terminal.fd(), file.value(), System::nanoTime)) {
            console.attach(port);
            print(console, "guest");
        }
        assertEquals("guest", Files.readString(out));
        Path in = Files.createFile(directory.resolve("in"));
        try (Fd file = TestTerminal.open(in); StdioConsole console = new StdioConsole(file.value(), terminal.fd(), System::nanoTime)) {
            console.attach(port);
            print(console, "guest");
        }
        assertTrue(terminal.awaitText("guest"), "output");
        assertEquals("guest", terminal.screen().strip(), "no greeting");
    }

    @Test
    void aPasteOfAMebibyteReachesASlowGuestWhole() throws Exception {
        byte[] paste = new byte[1 << 20];
        new Random(11).nextBytes(paste);
        for (int i = 0; i < paste.length; i++) {
            paste[i] = paste[i] == 1 ? 2 : paste[i];
        }
        port.holdBack();
        try (StdioConsole console = attached()) {
            Thread slowGuest = new Thread(() -> {
                for (int i = 0; i < paste.length; i += 16) {
                    port.allow(16);
                    Thread.yield();
                }
            });
            slowGuest.start();
            terminal.type(paste);
            assertArrayEquals(paste, port.await(paste.length), "every byte, in order");
            slowGuest.join();
        }
    }

    @Test
    void aTerminalThatIsMadeCookedFromOutsideBecomesRawAgain() throws Exception {
        Termios cooked = Termios.snapshot(terminal.fd());
        try (StdioConsole console = attached()) {
            cooked.apply(terminal.fd());
            // A whole line: cooked mode keeps it until its end. The first may come through with its line end changed.
            terminal.type("x\r");
            port.awaitText(2);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RecordingPort.LIMIT_SECONDS);
            while (!Termios.snapshot(terminal.fd()).equals(cooked.raw()) && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertEquals(cooked.raw(), Termios.snapshot(terminal.fd()), "raw mode was taken up again");
        }
        assertArrayEquals(before, terminal.settings(), "the settings of before the first time");
    }

    @Test
    void aHungUpTerminalHoldsNobody() throws Exception {
        StdioConsole console = attached();
        terminal.hangUp();
        for (int i = 0; i < 3 * OutputBuffer.CAPACITY; i++) {
            if (!console.output().hasRoom()) {
                assertTrue(port.awaitReady(), "the guest is let go");
            }
            console.output().write('x');
        }
        console.close();
    }

    @Test
    void inputThatIsNoTerminalPassesWholeAndItsEndLeavesTheOutput() throws Exception {
        Path script = directory.resolve("script");
        Files.writeString(script, "\u0001x\u0003ls\n", StandardCharsets.ISO_8859_1);
        try (Fd in = TestTerminal.open(script);
                StdioConsole console = new StdioConsole(in.value(), terminal.fd(), System::nanoTime)) {
            console.attach(port);
            assertEquals("\u0001x\u0003ls\n", port.awaitText(6), "no escapes in a script");
            assertFalse(port.isStopAsked(), "end asked for");
            assertArrayEquals(before, terminal.settings(), "a terminal on standard output alone is left alone");
            print(console, "still here");
            assertTrue(terminal.awaitText("still here"), "output after the end of input");
        }
    }

    @Test
    void aDescriptorThatTheParentDidNotLeaveIsNotUsed() throws Exception {
        Path image = directory.resolve("image");
        Files.writeString(image, "disk");
        try (Fd ours = Fd.open(image, Fd.O_RDWR)) {
            StdioConsole console = new StdioConsole(ours.value(), ours.value(), System::nanoTime);
            console.attach(port);
            print(console, "guest output");
            console.close();
        }
        assertEquals("disk", Files.readString(image), "a file that took the number of a closed standard output");
        assertEquals(0, port.received().length, "bytes of it as input");
    }

    /** The console in a JVM of its own, for what only the end of a process shows. */
    private Process startChild(ProcessBuilder.Redirect in, ProcessBuilder.Redirect out, String mode) throws Exception {
        File err = directory.resolve("err").toFile();
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
                ConsoleProcess.class.getName(), mode)
                .redirectInput(in).redirectOutput(out).redirectError(err).start();
    }

    private Process startOnTerminal(String mode) throws Exception {
        File device = terminal.path().toFile();
        return startChild(ProcessBuilder.Redirect.from(device), ProcessBuilder.Redirect.appendTo(device), mode);
    }

    private void assertEnds(Process child, int status) throws Exception {
        assertTrue(child.waitFor(RecordingPort.LIMIT_SECONDS, TimeUnit.SECONDS), "the process ends");
        assertEquals(status, child.exitValue(), () -> "exit status; standard error: " + childErrors());
    }

    private String childErrors() {
        try {
            return Files.readString(directory.resolve("err"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void sigtermPutsTheSettingsBack() throws Exception {
        Process child = startOnTerminal("wait");
        assertTrue(terminal.awaitText("ready"), "the console is attached");
        byte[] raw = terminal.settings();
        child.destroy();
        assertEnds(child, 128 + 15);
        assertArrayEquals(before, terminal.settings(), "every setting put back");
        assertNotEquals(before[12], raw[12], "the terminal was raw before");
    }

    @Test
    void anEndWithoutCloseByAnExceptionPutsTheSettingsBack() throws Exception {
        Process child = startOnTerminal("throw");
        assertTrue(terminal.awaitText("ready"), "the console is attached");
        terminal.type("q");
        assertEnds(child, 1);
        assertArrayEquals(before, terminal.settings(), "every setting put back");
    }

    @Test
    void aReaderOfOutputThatHasGoneLeavesTheMachineAndItsInputRunning() throws Exception {
        Process child = startChild(ProcessBuilder.Redirect.PIPE, ProcessBuilder.Redirect.PIPE, "flood");
        try (var out = child.getInputStream()) {
            assertEquals('r', out.read(), "the first byte of output");
        }
        child.getOutputStream().write('q');
        child.getOutputStream().flush();
        assertEnds(child, 0);
    }
}
