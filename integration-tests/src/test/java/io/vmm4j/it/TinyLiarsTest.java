package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
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

/** Guests of some bytes that do not do what they are asked for, or say that they did. */
@Tag("kvm")
@Timeout(120)
class TinyLiarsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);

    /** The event register, and its bit for the CPU controller. */
    private static final int EVENTS = 0x604;
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

    private Vm started(int atBoot, TinyKernel kernel) throws Exception {
        Vm vm = machine(atBoot, kernel).build();
        vm.start();
        assertTrue(console.awaitText("up", PATIENCE), console.text());
        return vm;
    }

    private VmBuilder machine(int atBoot, TinyKernel kernel) throws IOException {
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        return VmBuilder.create().kernel(kernel.writeTo(directory.resolve("kernel"))).initrd(initrd).serial(console).vcpus(atBoot).maxVcpus(4);
    }

    private static TinyKernel up() {
        return new TinyKernel().print("up");
    }

    private static TinyKernel answer(TinyKernel kernel, int cpu, int source, int status) {
        return kernel.out32(SELECT, cpu).out32(SOURCE, source).out32(STATUS, status);
    }

    private static TinyKernel eject(TinyKernel kernel, int cpu) {
        return kernel.out32(SELECT, cpu).out32(STATE, 1);
    }

    private static String objectionTo(CompletableFuture<Void> resize) {
        ExecutionException e = assertThrows(ExecutionException.class, () -> resize.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        return assertInstanceOf(VcpuResizeException.class, e.getCause()).getMessage();
    }

    @Test
    void vcpusThatAreGivenBackAtOnceHaveNotCome() throws Exception {
        TinyKernel kernel = eject(up().await32(NEXT, 1 << 16 | 1), 1);
        eject(kernel.await32(NEXT, 1 << 16 | 2), 2);
        answer(kernel.await32(NEXT, 1 << 16 | 1), 1, 1, 0).halt();
        try (Vm vm = started(1, kernel)) {
            assertEquals("the guest gave back vCPU 1; the guest gave back vCPU 2", objectionTo(vm.resizeVcpus(3, PATIENCE)));
            assertEquals(1, vm.vcpuCount());
            vm.resizeVcpus(2, PATIENCE).get(60, TimeUnit.SECONDS);
            assertEquals(2, vm.vcpuCount());
        }
    }

    @Test
    void vcpusThatAreConfirmedAndGivenBackAtOnceHaveNotCome() throws Exception {
        TinyKernel kernel = eject(answer(up().await32(NEXT, 1 << 16 | 1), 1, 1, 0), 1).halt();
        try (Vm vm = started(1, kernel)) {
            assertEquals("the guest has given back vCPUs that it was not asked for, and has 1 now", objectionTo(vm.resizeVcpus(2, PATIENCE)));
            assertEquals(1, vm.vcpuCount());
        }
    }

    @Test
    void aConfirmationOfVcpusThatShallGoKeepsNobodyWaitingForNothing() throws Exception {
        TinyKernel kernel = answer(up().await32(NEXT, 3 << 16 | 1), 1, 1, 0);
        answer(kernel.await32(NEXT, 3 << 16 | 2), 2, 3, 0).halt();
        try (Vm vm = started(3, kernel)) {
            assertEquals("the guest says that it gave back vCPU 2, and has not; the guest did not answer within 300 ms about vCPU 1",
                    objectionTo(vm.resizeVcpus(1, SHORT)));
            assertEquals(3, vm.vcpuCount());
        }
    }

    @Test
    void aGuestThatSaysAllThereIsToSayWithoutListeningChangesNothingButWhatItGivesBack() throws Exception {
        // The last jump goes back to where these begin.
        TinyKernel flood = eject(answer(answer(answer(up(), 2, 1, 0), 3, 1, 0), 1, 3, 0), 0);
        flood.out32(STATE, 1).bytes(0xE9).word(-(12 * 10 + 5));
        try (Vm vm = started(2, flood)) {
            assertTrue(objectionTo(vm.resizeVcpus(4, SHORT)).contains("did not answer within 300 ms about vCPU 2, 3"));
            assertTrue(objectionTo(vm.resizeVcpus(1, SHORT)).contains("did not answer within 300 ms about vCPU 1"));
            assertEquals(2, vm.vcpuCount());
        }
    }

    @Test
    void theGuestsOwnEndEndsAChange() throws Exception {
        try (Vm vm = started(1, up().awaitBits(EVENTS, CPUS).reset())) {
            assertEquals("the machine has ended", objectionTo(vm.resizeVcpus(2, PATIENCE)));
            assertEquals(VmExitReason.RESET, vm.await(PATIENCE).orElseThrow().reason());
        }
    }

    @Test
    void anEndRightBehindTheLastAnswerIsNoSuccessEither() throws Exception {
        try (Vm vm = started(1, answer(up().await32(NEXT, 1 << 16 | 1), 1, 1, 0).reset())) {
            assertEquals("the machine has ended", objectionTo(vm.resizeVcpus(2, PATIENCE)));
        }
    }
}
