package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.console.CapturedConsole;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Machines as guests of somebody's JVM: it stays as it is, waits can be broken off, and no machine knows of another. */
@Tag("kvm")
@Timeout(120)
class EmbeddingTest extends GivenParts {

    /** A program on a terminal that has a machine, and returns from {@code main} while that runs. */
    static final class Embedder {

        private Embedder() {
        }

        public static void main(String[] args) throws Exception {
            List<String> before = state();
            Vm vm = VmBuilder.create().kernel(Path.of(args[0])).initrd(Path.of(args[1])).build();
            vm.start();
            CountDownLatch paused = new CountDownLatch(1);
            vm.addListener(event -> paused.countDown());
            vm.pause();
            paused.await();
            System.out.println("\nkept: " + before.equals(state()) + " " + before + " " + state());
            vm.resume();
        }

        /** The terminal's settings, and the signals that are caught and ignored, without the library's own. */
        private static List<String> state() throws Exception {
            List<String> state = new ArrayList<>();
            Process stty = new ProcessBuilder("stty", "-g").redirectInput(new File("/dev/tty")).start();
            state.add(new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("SigCgt:") || line.startsWith("SigIgn:")) {
                    state.add(Long.toHexString(Long.parseUnsignedLong(line.substring(7).strip(), 16) & ~(1L << 22)));
                }
            }
            return state;
        }
    }

    @Test
    void theProcessTheTerminalAndItsSignalsStayAsTheyAre() throws Exception {
        Path kernel = new TinyKernel().print("printed").spin().writeTo(directory.resolve("kernel"));
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        try (TerminalSession session = new TerminalSession(directory, List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp", absolute(System.getProperty("java.class.path")), Embedder.class.getName(), kernel.toString(), initrd.toString()))) {
            session.awaitText("printed", PATIENCE);
            session.awaitText("kept: true ", PATIENCE);
            assertEquals(0, session.awaitEnd(PATIENCE), "the end of main is that of the process, whatever runs");
        }
    }

    private static String absolute(String classPath) {
        List<String> entries = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator)) {
            entries.add(Path.of(entry).toAbsolutePath().toString());
        }
        return String.join(File.pathSeparator, entries);
    }

    @Test
    void anInterruptEndsAWaitAndTheMachineGoesOn() throws Exception {
        CapturedConsole console = CapturedConsole.create();
        try (Vm vm = machine(new TinyKernel().print("up").echoUntil('.').reset()).serial(console).build()) {
            vm.start();
            console.expect("up", PATIENCE);
            for (Wait wait : List.<Wait>of(vm::await, () -> vm.await(PATIENCE), () -> vm.exit().get())) {
                assertEquals(InterruptedException.class, interrupted(wait));
                assertEquals(VmState.RUNNING, vm.state());
            }
            console.type("on.");
            console.expect("on.", PATIENCE);
            assertEquals(VmExitReason.RESET, vm.await().reason());
        }
    }

    private interface Wait {
        void run() throws Exception;
    }

    /** What {@code wait} throws on a thread that is interrupted when, or right before, it begins. */
    private static Class<?> interrupted(Wait wait) throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread waiter = new Thread(() -> {
            try {
                wait.run();
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        waiter.start();
        waiter.interrupt();
        waiter.join();
        return thrown.get() == null ? null : thrown.get().getClass();
    }

    @Test
    void closeEndsTheMachineAlsoWhenInterruptedAndASecondDoesNothing() throws Exception {
        Vm vm = machine(new TinyKernel().spin()).serial(CapturedConsole.create()).build();
        vm.start();
        Thread.currentThread().interrupt();
        vm.close();
        assertTrue(Thread.interrupted(), "kept for later");
        assertEquals(VmState.STOPPED, vm.state());
        VmExit exit = vm.await();
        assertDoesNotThrow(vm::close);
        assertEquals(exit, vm.await());
        assertThrows(IllegalStateException.class, vm::pause);
    }

    @Test
    void machinesOfDifferentConfigurationsKnowNothingOfEachOther() throws Exception {
        int count = 6;
        List<Vm> machines = new ArrayList<>();
        List<CapturedConsole> consoles = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                consoles.add(CapturedConsole.create());
                machines.add(machine(new TinyKernel().print("machine " + i + ";").echoUntil('.').reset()).serial(consoles.get(i)).name("m" + i)
                        .vcpus(1 + i % 3).maxVcpus(3).memoryMib(16 + i).vsock(3 + i, directory.resolve("v" + i)).build());
            }
            machines.forEach(Vm::start);
            for (int i = 0; i < count; i++) {
                assertEquals("machine " + i + ";", consoles.get(i).expect(";", PATIENCE));
                assertEquals(1 + i % 3, machines.get(i).vcpuCount());
            }
            // One ends by itself, one is closed; the others go on.
            consoles.get(0).type(".");
            assertEquals(VmExitReason.RESET, machines.get(0).await(PATIENCE).orElseThrow().reason());
            machines.get(1).close();
            for (int i = 2; i < count; i++) {
                consoles.get(i).type("still " + i);
                consoles.get(i).expect("still " + i, PATIENCE);
            }
        } finally {
            machines.forEach(Vm::close);
        }
        for (int i = 0; i < count; i++) {
            assertTrue(Files.notExists(directory.resolve("v" + i)), "its socket has gone with it");
            assertEquals(1, consoles.get(i).text().split("machine ", -1).length - 1);
        }
    }

    @Test
    void aConsoleOnStreamsTakesAndGivesAllBytes() throws Exception {
        PipedOutputStream typed = new PipedOutputStream();
        InputStream input = new PipedInputStream(typed);
        PipedInputStream printed = new PipedInputStream();
        OutputStream output = new PipedOutputStream(printed);
        try (Vm vm = machine(new TinyKernel().print("up").echoUntil('.').reset()).serial(input, output).build()) {
            vm.start();
            typed.write(new byte[] {0x01, 'x', (byte) 0xFF, '.'});
            typed.flush();
            assertEquals("up\u0001x\u00ff.", new String(printed.readNBytes(6), StandardCharsets.ISO_8859_1));
            assertEquals(VmExitReason.RESET, vm.await(Duration.ofSeconds(30)).orElseThrow().reason());
        }
    }
}
