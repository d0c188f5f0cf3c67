package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmRestore;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.MemoryHandlerException;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.core.snapshot.SnapshotTarget;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Userfault;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Machines whose memory another process brings in. The guest counts in memory, and answers each byte with the next letter. */
@Tag("kvm")
@Timeout(120)
class MemoryHandlerTest extends GivenParts {

    private static final long COUNTER = 0x300000;
    private static final long NOTHING = -1;

    private Path state;
    private Path memory;
    private Path socket;
    private Process handler;
    private BufferedReader told;

    private final CapturedConsole console = CapturedConsole.create();

    private static TinyKernel counting() {
        return new TinyKernel().print(">").bytes(0x66, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xF7, 0x66, 0xBA, 0xF8, 0x03, 0xEC)
                // inc byte [300000]; mov al, [300000]; add al, 40; out dx, al
                .bytes(0xFE, 0x04, 0x25, 0, 0, 0x30, 0, 0x8A, 0x04, 0x25, 0, 0, 0x30, 0, 0x04, 0x40, 0xEE, 0xEB, 0xDF);
    }

    @BeforeEach
    void needsUserfaultfd() {
        state = directory.resolve("state");
        memory = directory.resolve("memory");
        socket = directory.resolve("handler");
        try {
            Userfault.open(0).close();
        } catch (LinuxException e) {
            abort("no userfaultfd: " + e.getMessage());
        }
    }

    @AfterEach
    void endHandler() throws InterruptedException {
        if (handler != null) {
            handler.destroyForcibly().waitFor();
        }
    }

    /** A machine that has counted to AB, in files. */
    private void save(VmBuilder builder) throws Exception {
        try (Vm vm = builder.serial(console).build()) {
            vm.start();
            assertTrue(console.awaitText(">", PATIENCE), console.text());
            count(console, "AB");
            vm.pause();
            try (MachineSnapshot snapshot = vm.snapshot()) {
                snapshot.save(SnapshotTarget.files(state, memory));
            }
        }
    }

    private void serve(long withheld) throws IOException {
        handler = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                System.getProperty("java.class.path"), PageServer.class.getName(), socket.toString(), memory.toString(), Long.toString(withheld))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        told = handler.inputReader();
        assertEquals("ready", told.readLine());
    }

    private static void count(CapturedConsole on, String expected) throws Exception {
        on.type("x".repeat(expected.length()));
        assertTrue(on.awaitText(expected, PATIENCE), "\"" + expected + "\" is not in \"" + on.text() + "\"");
    }

    private Vm restored(CapturedConsole on) throws Exception {
        try (MachineSnapshot snapshot = MachineSnapshot.openState(state)) {
            Vm vm = snapshot.restore().serial(on).memoryHandler(socket).build();
            vm.start();
            return vm;
        }
    }

    @Test
    void theHandlerBringsInWhatTheGuestTouches() throws Exception {
        save(machine(counting()).memoryMib(32));
        serve(NOTHING);
        CapturedConsole on = CapturedConsole.create();
        try (Vm vm = restored(on)) {
            count(on, "CDE");
            String message = told.readLine();
            assertTrue(message.matches("\\[\\{\"base_host_virt_addr\":\\d+,\"size\":33554432,\"offset\":0,\"page_size\":4096,\"page_size_kib\":4096}]"), message);
            // A snapshot of it has all of the memory, and needs no handler.
            try (MachineSnapshot snapshot = vm.snapshot()) {
                count(on, "F");
                vm.resetTo(snapshot);
                count(on, "FG");
                handler.destroyForcibly().waitFor();
                CapturedConsole forked = CapturedConsole.create();
                try (Vm fork = snapshot.restore().serial(forked).build()) {
                    fork.start();
                    count(forked, "FGH");
                }
            }
        }
    }

    @Test
    void aHandlerThatDiesEndsTheMachine() throws Exception {
        save(machine(counting()).memoryMib(32));
        serve(NOTHING);
        CapturedConsole on = CapturedConsole.create();
        try (Vm vm = restored(on)) {
            count(on, "C");
            handler.destroyForcibly();
            assertLost(vm.await());
        }
    }

    private void assertLost(VmExit exit) {
        assertEquals(VmExitReason.HOST_ERROR, exit.reason());
        assertEquals("memory handler " + socket + " has gone: memory that it had not brought in is lost", exit.message());
    }

    @Test
    void aHandlerThatDiesWhileTheGuestWaitsForAPageEndsTheMachine() throws Exception {
        save(machine(counting()).memoryMib(32));
        serve(COUNTER);
        CapturedConsole on = CapturedConsole.create();
        try (Vm vm = restored(on)) {
            awaitWithheld(on);
            handler.destroyForcibly();
            assertLost(vm.await());
            assertEquals("", on.text(), "the guest has not seen a page of zeros");
        }
    }

    private void awaitWithheld(CapturedConsole on) throws Exception {
        on.type("x");
        told.readLine();
        assertEquals("withheld", told.readLine());
    }

    @Test
    void aMachineWhoseHandlerDoesNotAnswerEndsAllTheSame() throws Exception {
        save(machine(counting()).memoryMib(32));
        serve(COUNTER);
        CapturedConsole on = CapturedConsole.create();
        Vm vm = restored(on);
        awaitWithheld(on);
        vm.close();
        assertEquals(VmExitReason.STOPPED, vm.await().reason());
        assertEquals("", on.text());
    }

    @Test
    void hugePagesAreBroughtInWhole() throws Exception {
        Path pool = Path.of("/proc/sys/vm/nr_hugepages");
        String before = Files.readString(pool);
        try {
            Files.writeString(pool, "20");
        } catch (IOException e) {
            abort("no huge pages: " + e.getMessage());
        }
        try {
            assumeTrue(Integer.parseInt(Files.readString(pool).strip()) >= 16, "no huge pages");
            VmBuilder builder = machine(counting()).memoryMib(32);
            save(builder.machine(builder.toConfig().machineConfig().withHugePages(MachineConfig.HugePages.TWO_MIB)));
            serve(NOTHING);
            CapturedConsole on = CapturedConsole.create();
            try (Vm vm = restored(on)) {
                count(on, "CD");
                assertTrue(told.readLine().contains("\"page_size\":2097152,\"page_size_kib\":2097152"));
            }
        } finally {
            Files.writeString(pool, before);
        }
    }

    @Test
    void withoutAHandlerNothingStartsAndTheSocketIsNamed() throws Exception {
        save(machine(counting()).memoryMib(32));
        try (MachineSnapshot snapshot = MachineSnapshot.openState(state)) {
            VmRestore restore = snapshot.restore().serial(CapturedConsole.create()).memoryHandler(socket);
            IOException refusal = assertThrows(MemoryHandlerException.class, restore::build);
            assertEquals("memory handler " + socket + ": cannot be reached: No such file or directory (ENOENT)", refusal.getMessage());
            ConfigException missing = assertThrows(ConfigException.class, () -> snapshot.restore().build());
            assertEquals(List.of("snapshot"), missing.problems().stream().map(problem -> problem.key()).toList());
            assertThrows(ConfigException.class, () -> snapshot.restore().memoryHandler(socket).copyMemory(true).build());
            assertThrows(SnapshotException.class, () -> snapshot.save(directory.resolve("other")));
        }
    }
}
