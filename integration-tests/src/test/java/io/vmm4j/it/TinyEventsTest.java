package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.control.VcpuResizeException;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the host tells a running guest, by guests of some bytes that read the registers as ACPI code would. */
@Tag("kvm")
@Timeout(120)
class TinyEventsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);

    /** The event register, and its bits. */
    private static final int EVENTS = 0x604;
    private static final int POWER_BUTTON = 1;
    private static final int CPUS = 2;
    /** The CPU controller. */
    private static final int SELECT = 0x620;
    private static final int STATE = 0x624;
    private static final int NEXT = 0x628;
    private static final int SOURCE = 0x62c;
    private static final int STATUS = 0x630;

    @TempDir
    Path directory;

    private final CapturedConsole console = StreamConsole.capture();

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    private VmBuilder machine(TinyKernel kernel) throws IOException {
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        return VmBuilder.create().kernel(kernel.writeTo(directory.resolve("kernel"))).initrd(initrd).serial(console);
    }

    private Vm started(VmBuilder machine) throws Exception {
        Vm vm = machine.build();
        vm.start();
        assertTrue(console.awaitText("up", PATIENCE), console.text());
        return vm;
    }

    private static TinyKernel up() {
        return new TinyKernel().print("up");
    }

    private static TinyKernel answer(TinyKernel kernel, int cpu, int source, int status) {
        return kernel.out32(SELECT, cpu).out32(SOURCE, source).out32(STATUS, status);
    }

    private static TinyKernel takeOffer(TinyKernel kernel, int cpu, int status) {
        kernel.awaitBits(EVENTS, CPUS).expect32(NEXT, 1 << 16 | cpu);
        return answer(kernel, cpu, 1, status).expect32(STATE, 1);
    }

    private static TinyKernel giveBack(TinyKernel kernel, int cpu) {
        return kernel.awaitBits(EVENTS, CPUS).expect32(NEXT, 3 << 16 | cpu).out32(SELECT, cpu).out32(STATE, 1).expect32(STATE, 0);
    }

    private static String objectionTo(CompletableFuture<Void> resize) {
        ExecutionException e = assertThrows(ExecutionException.class, () -> resize.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        return assertInstanceOf(VcpuResizeException.class, e.getCause()).getMessage();
    }

    @Test
    void aGuestThatObeysThePowerButtonPowersOff() throws Exception {
        try (Vm vm = started(machine(up().awaitBits(EVENTS, POWER_BUTTON).out(0x600, 5 << 2 | 1 << 5).spin()))) {
            assertEquals(VmExitReason.POWEROFF, vm.shutdown(PATIENCE).get(60, TimeUnit.SECONDS).reason());
        }
    }

    @Test
    void aGuestThatDoesNotNoticeThePowerButtonIsStopped() throws Exception {
        try (Vm vm = started(machine(up().halt()))) {
            assertEquals(new VmExit(VmExitReason.STOPPED, "the guest did not notice the power button within 300 ms"),
                    vm.shutdown(SHORT, PATIENCE).get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void aGuestThatIgnoresThePowerButtonIsStopped() throws Exception {
        try (Vm vm = started(machine(up().awaitBits(EVENTS, POWER_BUTTON).halt()))) {
            assertEquals(new VmExit(VmExitReason.STOPPED, "the guest did not power off within 300 ms"),
                    vm.shutdown(PATIENCE, SHORT).get(60, TimeUnit.SECONDS));
            assertEquals(VmExitReason.STOPPED, vm.shutdown(PATIENCE).get(1, TimeUnit.SECONDS).reason(), "the end it had");
        }
    }

    @Test
    void vcpusComeGoAndComeAgain() throws Exception {
        TinyKernel kernel = takeOffer(up(), 1, 0).awaitBits(EVENTS, CPUS).expect32(NEXT, 1 << 16 | 2).expect32(NEXT, 1 << 16 | 3);
        answer(answer(kernel, 2, 1, 0), 3, 1, 0);
        giveBack(giveBack(kernel, 3), 2);
        takeOffer(kernel, 2, 0).halt();
        try (Vm vm = started(machine(kernel).maxVcpus(4))) {
            assertEquals(1, vm.vcpuCount());
            for (int count : new int[] {2, 4, 3, 2, 3, 3}) {
                vm.resizeVcpus(count, PATIENCE).get(60, TimeUnit.SECONDS);
                assertEquals(count, vm.vcpuCount());
            }
        }
    }

    @Test
    void aGuestThatDoesNotListenIsReportedAndTheNextChangeWorks() throws Exception {
        TinyKernel kernel = answer(up().echoUntil('$').await32(NEXT, 1 << 16 | 1), 1, 1, 0).halt();
        try (Vm vm = started(machine(kernel).maxVcpus(2))) {
            assertEquals("the guest did not answer within 300 ms about vCPU 1: its kernel does not listen to ACPI events, or not yet",
                    objectionTo(vm.resizeVcpus(2, SHORT)));
            assertEquals(1, vm.vcpuCount());
            vm.resizeVcpus(1, SHORT).get(60, TimeUnit.SECONDS);
            console.type("$");
            vm.resizeVcpus(2, PATIENCE).get(60, TimeUnit.SECONDS);
            assertEquals(2, vm.vcpuCount());
        }
    }

    @Test
    void aRefusalIsReportedWithItsStatusAndTheVcpuIsOfferedAgain() throws Exception {
        TinyKernel kernel = takeOffer(takeOffer(up(), 1, 0x81), 1, 0);
        answer(kernel.awaitBits(EVENTS, CPUS).expect32(NEXT, 3 << 16 | 1), 1, 3, 0x82).halt();
        try (Vm vm = started(machine(kernel).maxVcpus(2))) {
            assertEquals("the guest did not take vCPU 1: status 0x81", objectionTo(vm.resizeVcpus(2, PATIENCE)));
            vm.resizeVcpus(2, PATIENCE).get(60, TimeUnit.SECONDS);
            assertEquals("the guest did not give back vCPU 1: status 0x82", objectionTo(vm.resizeVcpus(1, PATIENCE)));
            assertEquals(2, vm.vcpuCount());
        }
    }

    @Test
    void oneChangeAtATimeAndTheMachinesEndEndsIt() throws Exception {
        try (Vm vm = started(machine(up().halt()).maxVcpus(2))) {
            CompletableFuture<Void> first = vm.resizeVcpus(2, PATIENCE);
            assertEquals("another change of the vCPUs is under way", objectionTo(vm.resizeVcpus(2, PATIENCE)));
            vm.stop("enough");
            assertEquals("the machine has ended", objectionTo(first));
        }
    }

    @Test
    void numbersOutOfRangeAndMachinesThatDoNotRunAreRefused() throws Exception {
        try (Vm vm = machine(up().halt()).vcpus(2).maxVcpus(3).build()) {
            assertThrows(IllegalStateException.class, () -> vm.resizeVcpus(3));
            assertThrows(IllegalStateException.class, vm::pause);
            vm.start();
            for (int count : new int[] {-1, 0, 4}) {
                assertEquals("vcpu count " + count + " is not in 1..3",
                        assertThrows(IllegalArgumentException.class, () -> vm.resizeVcpus(count)).getMessage());
            }
            vm.pause();
            assertThrows(IllegalStateException.class, () -> vm.resizeVcpus(3));
        }
    }

    @Test
    void aPausedGuestStandsStillUntilItIsResumed() throws Exception {
        try (Vm vm = started(machine(up().echoUntil('$').print("end").reset()).vcpus(3))) {
            for (int round = 0; round < 20; round++) {
                vm.pause();
                assertEquals(VmState.PAUSED, vm.state());
                vm.resume();
            }
            vm.pause();
            console.type("$");
            assertTrue(vm.await(SHORT).isEmpty());
            assertEquals("up", console.text());
            vm.resume();
            assertEquals(VmExitReason.RESET, vm.await(PATIENCE).orElseThrow().reason());
            assertEquals("up$end", console.text());
            assertThrows(IllegalStateException.class, vm::resume);
        }
    }

    @Test
    void aPausedMachineIsStopped() throws Exception {
        try (Vm vm = started(machine(up().spin()).vcpus(2))) {
            vm.pause();
            vm.stop("enough");
            assertEquals(VmExitReason.STOPPED, vm.await(PATIENCE).orElseThrow().reason());
        }
    }
}
