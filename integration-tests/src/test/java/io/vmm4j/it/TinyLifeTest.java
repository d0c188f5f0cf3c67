package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.devices.serial.SerialSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine's life with calls at odd times and from odd threads, around guests of a few bytes. */
@Tag("kvm")
@Timeout(120)
class TinyLifeTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

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

    @Test
    void aMachineThatHasEndedTakesNoGenerationId() throws Exception {
        Vm vm = machine(new TinyKernel().spin()).build();
        vm.start();
        vm.renewGenerationId();
        vm.close();
        assertEquals("a machine that is stopped has no generation id", assertThrows(IllegalStateException.class, vm::renewGenerationId).getMessage());
    }

    @Test
    void aGenerationIdThatMeetsTheEndIsRefused() throws Exception {
        Vm vm = machine(new TinyKernel().spin()).build();
        vm.start();
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Void> refused = CompletableFuture.runAsync(() -> assertThrows(IllegalStateException.class, () -> {
            while (true) {
                vm.renewGenerationId();
                begun.countDown();
            }
        }));
        begun.await();
        vm.close();
        refused.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void whoAsksForTheEndBeforeTheMachineIsReadyGetsIt() throws Exception {
        Vm vm = assertTimeoutPreemptively(PATIENCE, () -> machine(new TinyKernel().spin()).serial(new UnwillingConsole()).build());
        assertEquals(new VmExit(VmExitReason.STOPPED, "nobody is here"), vm.await(PATIENCE).orElseThrow());
    }

    /** Asks for the machine's end as soon as it is asked to serve. */
    private static final class UnwillingConsole implements SerialConsole {

        @Override
        public SerialSink output() {
            return StreamConsole.capture().output();
        }

        @Override
        public void attach(SerialPort port) {
            port.requestStop("nobody is here");
            port.requestStop("really");
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    @Test
    void aResumeThatComesOnTheHeelsOfAPauseIsNotOvertakenByIt() throws Exception {
        try (Vm vm = machine(new TinyKernel().print("up").echoUntil('$').halt()).build()) {
            vm.start();
            assertTrue(console.awaitText("up", PATIENCE), console.text());
            for (int round = 0; round < 300; round++) {
                CountDownLatch ready = new CountDownLatch(1);
                Thread resuming = new Thread(() -> {
                    ready.countDown();
                    while (vm.state() != VmState.PAUSED) {
                        Thread.onSpinWait();
                    }
                    vm.resume();
                });
                resuming.start();
                ready.await();
                vm.pause();
                resuming.join();
                assertEquals(VmState.RUNNING, vm.state());
                String mark = "<" + round + ">";
                console.type(mark);
                assertTrue(console.awaitText(mark, Duration.ofSeconds(10)), "round " + round + ": the guest stands still");
            }
        }
    }

    @Test
    void aCallerThatIsInterruptedBuildsAndStaysInterrupted() throws Exception {
        VmBuilder machine = machine(new TinyKernel().reset());
        Thread.currentThread().interrupt();
        try (Vm vm = machine.build()) {
            vm.start();
            assertTrue(Thread.interrupted(), "the interrupt is kept for later");
            assertEquals(VmExitReason.RESET, vm.await(PATIENCE).orElseThrow().reason());
        }
    }

    @Test
    void timesWithoutEndAreTimesLikeOthers() throws Exception {
        Duration forever = ChronoUnit.FOREVER.getDuration();
        try (Vm vm = machine(new TinyKernel().print("up").halt()).maxVcpus(2).build()) {
            vm.start();
            assertTrue(console.awaitText("up", forever), console.text());
            vm.shutdown(forever);
            vm.resizeVcpus(2, forever);
            vm.stop("enough");
            assertEquals("enough", vm.await(forever).orElseThrow().message());
        }
    }
}
