package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.GuestPanic;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Guests of some bytes that say that their kernel has panicked, by the port or on a console. */
@Tag("kvm")
@Timeout(60)
class TinyPanicTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int PVPANIC = 0x505;
    private static final String LINE = "[    1.0] Kernel panic - not syncing: Attempted to kill init!\n";

    @TempDir
    Path directory;

    private Optional<GuestPanic> known;

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    private VmExit run(TinyKernel kernel) throws ConfigException, IOException, InterruptedException {
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        try (Vm vm = VmBuilder.create().kernel(kernel.writeTo(directory.resolve("kernel"))).initrd(initrd).serial(StreamConsole.capture()).build()) {
            vm.start();
            VmExit exit = vm.await(PATIENCE).orElseThrow(() -> new AssertionError("the guest did not end"));
            known = vm.guestPanic();
            return exit;
        }
    }

    @Test
    void aPanicBeforeAResetIsTheReasonOfTheEnd() throws Exception {
        VmExit exit = run(new TinyKernel().expect(PVPANIC, 7).print(LINE).out(PVPANIC, 1).reset());
        assertEquals(new VmExit(VmExitReason.GUEST_PANIC,
                "the guest's kernel panicked (Attempted to kill init!): the guest asked for a reset (keyboard controller)"), exit);
        assertEquals(Optional.of(new GuestPanic(GuestPanic.Source.KERNEL, "Attempted to kill init!")), known);
    }

    @Test
    void aPanicBeforeATripleFaultIsTheReasonOfTheEnd() throws Exception {
        VmExit exit = run(new TinyKernel().out(PVPANIC, 1).tripleFault());
        assertEquals(VmExitReason.GUEST_PANIC, exit.reason(), exit.message());
    }

    @Test
    void aGuestThatHangsAfterItsPanicIsEnded() throws Exception {
        VmExit exit = run(new TinyKernel().out(PVPANIC, 1).halt());
        assertEquals(new VmExit(VmExitReason.GUEST_PANIC, "the guest's kernel panicked, and did not reset within 5 s"), exit);
    }

    @Test
    void aGuestThatPanicsWithoutEndIsEndedTheSame() throws Exception {
        // jmp back to the out
        VmExit exit = run(new TinyKernel().out(PVPANIC, 1).bytes(0xEB, 0xFD));
        assertEquals(VmExitReason.GUEST_PANIC, exit.reason(), exit.message());
    }

    @Test
    void theResetAfterACrashKernelIsAPanicsEnd() throws Exception {
        VmExit exit = run(new TinyKernel().out(PVPANIC, 2).out(0x602, 1).spin());
        assertEquals(new VmExit(VmExitReason.GUEST_PANIC, "the guest's kernel panicked: the guest asked for a reset (ACPI)"), exit);
        assertEquals(GuestPanic.Source.CRASH_KERNEL, known.orElseThrow().source());
    }

    @Test
    void aShutdownSaidByTheSamePortIsAPowerOff() throws Exception {
        assertEquals(VmExitReason.POWEROFF, run(new TinyKernel().out(PVPANIC, 4).halt()).reason());
        assertTrue(known.isEmpty());
    }

    @Test
    void aResetAfterAPanicThatOnlyTheConsoleToldOfSaysSo() throws Exception {
        VmExit exit = run(new TinyKernel().print(LINE).reset());
        assertEquals(new VmExit(VmExitReason.RESET, "the guest asked for a reset (keyboard controller), after its console said"
                + " \"Kernel panic - not syncing: Attempted to kill init!\""), exit);
        assertEquals(Optional.of(new GuestPanic(GuestPanic.Source.CONSOLE, "Attempted to kill init!")), known);
    }

    @Test
    void anEndWithoutAPanicKnowsOfNone() throws Exception {
        assertEquals(new VmExit(VmExitReason.RESET, "the guest asked for a reset (keyboard controller)"), run(new TinyKernel().print("up").reset()));
        assertTrue(known.isEmpty());
    }
}
