package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.acpi.AcpiPorts;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.CpuConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole machines around guests of a few bytes, on the machine's own /dev/kvm. */
@Tag("kvm")
@Timeout(60)
class TinyGuestTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** More than a console keeps for its reader. */
    private static final int FLOOD = 70_000;

    @TempDir
    Path directory;

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    private VmBuilder machine(TinyKernel kernel) throws IOException {
        Path initrd = directory.resolve("initrd");
        Files.write(initrd, new byte[] {1, 2, 3, 4});
        return VmBuilder.create().kernel(kernel.writeTo(Files.createTempFile(directory, "kernel", ".elf"))).initrd(initrd);
    }

    private VmExit run(TinyKernel kernel, CapturedConsole console) throws Exception {
        try (Vm vm = machine(kernel).serial(console).build()) {
            vm.start();
            return vm.await(PATIENCE).orElseThrow(() -> new AssertionError("the guest did not end: " + console.text()));
        }
    }

    @Test
    void whatTheGuestPrintsOnCom1ReachesTheConsoleAndAKeyboardControllerResetEndsIt() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        VmExit exit = run(new TinyKernel().print("hello\n").reset(), console);
        assertEquals(VmExitReason.RESET, exit.reason(), exit.message());
        assertEquals("hello\n", console.text());
    }

    @Test
    void theAcpiSleepRegisterPowersTheMachineOff() throws Exception {
        // SLP_TYPx 5 in bits 4:2, SLP_EN in bit 5: ACPI 6.5, table 4.24.
        VmExit exit = run(new TinyKernel().out(AcpiPorts.BASE + AcpiPorts.SLEEP_CONTROL, 5 << 2 | 1 << 5).spin(), StreamConsole.capture());
        assertEquals(VmExitReason.POWEROFF, exit.reason(), exit.message());
    }

    @Test
    void aMachineHoldsNeitherItsKernelNorItsInitrdOpen() throws Exception {
        try (Vm vm = machine(new TinyKernel().spin()).serial(StreamConsole.capture()).build();
                Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            assertEquals(List.of(), descriptors.map(this::target).filter(open -> open.startsWith(directory)).toList());
            assertEquals(VmState.CREATED, vm.state());
        }
    }

    private Path target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor);
        } catch (IOException e) {
            return descriptor; // closed meanwhile, as that of the listing is
        }
    }

    @Test
    void theAcpiResetRegisterResets() throws Exception {
        VmExit exit = run(new TinyKernel().out(0x602, 1).spin(), StreamConsole.capture());
        assertEquals(VmExitReason.RESET, exit.reason(), exit.message());
    }

    @Test
    void aKernelWithThePvhNoteIsEnteredIn32BitModeWithItsStartInfo() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        run(new TinyKernel().enteredByPvh().print("pvh").reset(), console);
        assertEquals("pvh", console.text());
    }

    @Test
    void aTripleFaultEndsTheMachineWithTheRegistersThatKvmGives() throws Exception {
        VmExit exit = run(new TinyKernel().tripleFault(), StreamConsole.capture());
        assertEquals(VmExitReason.TRIPLE_FAULT, exit.reason(), exit.message());
        assertTrue(exit.message().contains("RIP 0x"), exit.message());
        assertTrue(exit.message().contains("CR2 0x"), exit.message());
        assertFalse(exit.isOrderly());
    }

    @Test
    void inputReachesTheGuestAndItsEchoComesBackWhole() throws Exception {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            text.append("line ").append(i).append('\n');
        }
        text.append('$');
        CapturedConsole console = StreamConsole.capture();
        try (Vm vm = machine(new TinyKernel().echoUntil('$').reset()).serial(console).build()) {
            vm.start();
            console.type(text.toString());
            assertEquals(VmExitReason.RESET, vm.await(PATIENCE).orElseThrow().reason());
        }
        assertEquals(text.toString(), console.text());
    }

    @Test
    void aReaderThatTakesNothingHoldsUpNeitherTheGuestNorItsInputNorItsEnd() throws Exception {
        StuckReader reader = new StuckReader();
        ByteArrayInputStream typed = new ByteArrayInputStream("typed$".getBytes(StandardCharsets.US_ASCII));
        try (Vm vm = machine(new TinyKernel().flood(FLOOD).echoUntil('$').reset()).serial(new StreamConsole(typed, reader)).build()) {
            vm.start();
            assertEquals(VmExitReason.RESET, vm.await(PATIENCE).orElseThrow(() -> new AssertionError("the guest hangs")).reason());
        }
        byte[] first = reader.first();
        assertTrue(first.length > 0, "the reader was given something");
        for (int i = 0; i < first.length; i++) {
            assertEquals((byte) i, first[i], "byte " + i);
        }
    }

    /** A stream whose first write never returns. */
    private static final class StuckReader extends OutputStream {

        private final CompletableFuture<byte[]> first = new CompletableFuture<>();

        @Override
        public void write(int octet) {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            first.complete(Arrays.copyOfRange(bytes, offset, offset + length));
            while (true) {
                LockSupport.park(this);
            }
        }

        byte[] first() {
            return first.join();
        }
    }

    @Test
    void ctrlAltDelIsTypedOnTheGuestsKeyboard() throws Exception {
        TinyKernel kernel = new TinyKernel().print("?");
        // Pressed and released, in scan set 1, as the controller translates it.
        for (int code : new int[] {0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d}) {
            kernel.awaitBits(0x64, 1).expect(0x60, code);
        }
        CapturedConsole console = StreamConsole.capture();
        try (Vm vm = machine(kernel.print("!").reset()).serial(console).build()) {
            assertThrows(IllegalStateException.class, vm::sendCtrlAltDel, "not started");
            vm.start();
            console.awaitText("?", PATIENCE);
            assertTrue(vm.sendCtrlAltDel());
            assertTrue(vm.await(PATIENCE).isPresent(), () -> "the guest did not end: " + console.text());
            assertEquals("?!", console.text());
            assertThrows(IllegalStateException.class, vm::sendCtrlAltDel, "ended");
        }
    }

    @Test
    void portsThatNobodyClaimsReadAsAllOnes() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        run(new TinyKernel().printDistanceFromAllOnes(0x300).out(0x300, 1).reset(), console);
        assertEquals("A", console.text());
    }

    @Test
    void theGuestFindsADeviceOfTheEmbeddersOwn() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        List<Boolean> loops = new ArrayList<>();
        try (Vm vm = machine(new TinyKernel().printFirstDeviceId().reset()).serial(console).device("own", loop -> {
            loops.add(loop.inLoop());
            return new VirtioRng(loop, target -> target.position(target.limit()));
        }).build()) {
            vm.start();
            assertTrue(vm.await(PATIENCE).isPresent(), () -> "the guest did not end: " + console.text());
        }
        assertEquals("E", console.text(), "device ID 4");
        assertEquals(1, loops.size(), "it was made once");
    }

    @Test
    void aGuestThatSpinsIsStoppedFromOutside() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        try (Vm vm = machine(new TinyKernel().print("spin").spin()).serial(console).build()) {
            assertEquals(VmState.CREATED, vm.state());
            vm.start();
            assertTrue(console.awaitText("spin", PATIENCE), console.text());
            assertEquals(VmState.RUNNING, vm.state());
            vm.stop("enough");
            VmExit exit = vm.await(PATIENCE).orElseThrow();
            assertEquals(new VmExit(VmExitReason.STOPPED, "enough"), exit);
            assertEquals(VmState.STOPPED, vm.state());
        }
    }

    @Test
    void aGuestThatHaltsWithInterruptsOffIsStoppedFromOutside() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        try (Vm vm = machine(new TinyKernel().print("halt").halt()).vcpus(4).serial(console).build()) {
            vm.start();
            assertTrue(console.awaitText("halt", PATIENCE), console.text());
            vm.stop("enough");
            assertEquals(VmExitReason.STOPPED, vm.await(PATIENCE).orElseThrow().reason());
        }
    }

    @Test
    void aGuestThatHaltsWithoutExitsIsStoppedFromOutside() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        MachineConfig idle = new MachineConfig(4, null, null, null, null, null, null, "anon", null, 0, true, true, null);
        try (Vm vm = machine(new TinyKernel().print("halt").halt()).machine(idle).serial(console).build()) {
            vm.start();
            assertTrue(console.awaitText("halt", PATIENCE), console.text());
            vm.stop("enough");
            assertEquals(VmExitReason.STOPPED, vm.await(PATIENCE).orElseThrow().reason());
        }
    }

    @Test
    void aLeafThatKvmDoesNotHaveIsRefusedBeforeTheGuestStarts() throws Exception {
        CpuConfig changes = new CpuConfig(null, List.of(new CpuConfig.LeafModifier("0x8fffffff", null, null, null)), null);
        VmBuilder machine = machine(new TinyKernel().reset()).serial(StreamConsole.capture()).cpuConfig(changes);
        String message = assertThrows(ConfigException.class, machine::build).getMessage();
        assertTrue(message.contains("does not support CPUID leaf 0x8fffffff, subleaf 0x0"), message);
    }

    @Test
    void everyVcpuIsMadeOfTheLargestMachineWithKvmsOwnIoApic() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        try (Vm vm = machine(new TinyKernel().print("up").reset()).vcpus(254).serial(console).build()) {
            vm.start();
            assertEquals(VmExitReason.RESET, vm.await(PATIENCE).orElseThrow().reason());
        }
        assertEquals("up", console.text());
    }

    @Test
    void anEndThatComesBeforeTheStartIsTheMachinesEnd() throws Exception {
        try (Vm vm = machine(new TinyKernel().spin()).build()) {
            vm.stop("early");
            vm.start();
            assertEquals(new VmExit(VmExitReason.STOPPED, "early"), vm.await());
            vm.start();
        }
    }

    @Test
    void aMachineThatWasNeverStartedClosesInOrder() throws Exception {
        Vm vm = machine(new TinyKernel().spin()).serial(StreamConsole.capture()).build();
        vm.close();
        vm.close();
        assertEquals(VmState.STOPPED, vm.state());
    }

    @Test
    void manyMachinesLiveInOneJvmAndTheEndOfOneTouchesNoOther() throws Exception {
        List<Vm> spinning = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                CapturedConsole console = StreamConsole.capture();
                Vm vm = machine(new TinyKernel().print("up").halt()).serial(console).build();
                spinning.add(vm);
                vm.start();
                assertTrue(console.awaitText("up", PATIENCE), console.text());
            }
            assertEquals(VmExitReason.TRIPLE_FAULT, run(new TinyKernel().tripleFault(), StreamConsole.capture()).reason());
            spinning.forEach(vm -> assertEquals(VmState.RUNNING, vm.state()));
        } finally {
            spinning.forEach(Vm::close);
        }
    }

    @Test
    void aMachineGivesBackItsDescriptorsAndItsThreads() throws Exception {
        run(new TinyKernel().reset(), StreamConsole.capture());
        long descriptors = count(Path.of("/proc/self/fd"));
        long threads = count(Path.of("/proc/self/task"));
        for (int i = 0; i < 10; i++) {
            run(new TinyKernel().reset(), StreamConsole.capture());
        }
        assertTrue(count(Path.of("/proc/self/fd")) <= descriptors + 2, "descriptors leak");
        assertTrue(count(Path.of("/proc/self/task")) <= threads + 5, "threads leak");
    }

    private static long count(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.count();
        }
    }
}
