package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.PauseException;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.MemoryBalloonConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.host.StreamConsole;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pauses of guests of a few bytes, whose devices an embedder brought. */
@Tag("kvm")
@Timeout(120)
class TinyPauseTest extends GivenParts {

    private final CapturedConsole console = StreamConsole.capture();

    /** Notifies the device whose window is {@code offset} bytes behind the first, without end. */
    private static TinyKernel notifying(int offset) {
        // again: mov dword [rbx+offset+50], 0; jmp again
        return new TinyKernel().startDevice(offset).writeRegister(offset + 0x050, 0).bytes(0xEB, 0xF4);
    }

    private Vm started(VmBuilder machine) throws Exception {
        Vm vm = machine.serial(console).build();
        vm.start();
        return vm;
    }

    private static void awaitMore(AtomicLong count, long than) {
        while (count.get() <= than) {
            assertFalse(Thread.currentThread().isInterrupted(), "the device is not notified");
            Thread.onSpinWait();
        }
    }

    @Test
    void aDeviceThatIsNotifiedWithoutEndIsStillDuringAPauseAndGoesOnAfterIt() throws Exception {
        AtomicLong notified = new AtomicLong();
        try (Vm vm = started(machine(notifying(0x1000)).device("probe", onNotify(notified::incrementAndGet))
                .balloon(new MemoryBalloonConfig(0L, false, null, null, false)))) {
            for (int round = 0; round < 50; round++) {
                awaitMore(notified, notified.get());
                vm.pause();
                long before = notified.get();
                // The loop runs commands of the host's, and nothing else by them.
                vm.balloon().setTargetMib(round % 2).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertEquals(before, notified.get(), "round " + round);
                vm.resume();
                awaitMore(notified, before);
            }
        }
    }

    @Test
    void aPauseOfAPausedGuestAndAResumeOfARunningOneDoNothing() throws Exception {
        try (Vm vm = machine(new TinyKernel().print("up").echoUntil('$').reset()).serial(console).build()) {
            assertEquals("a machine that is created cannot be paused", assertThrows(IllegalStateException.class, vm::pause).getMessage());
            assertEquals("a machine that is created cannot be resumed", assertThrows(IllegalStateException.class, vm::resume).getMessage());
            vm.start();
            vm.resume();
            assertEquals(VmState.RUNNING, vm.state());
            vm.pause();
            vm.pause();
            assertEquals(VmState.PAUSED, vm.state());
            vm.resume();
            vm.resume();
            console.type("$");
            assertEquals(VmExitReason.RESET, vm.await(PATIENCE).orElseThrow().reason());
            assertThrows(IllegalStateException.class, vm::pause);
            assertThrows(IllegalStateException.class, vm::resume);
        }
    }

    @Test
    void aDeviceThatKeepsTheLoopKeepsTheGuestFromItsPauseAndAllGoesOn() throws Exception {
        CountDownLatch inDevice = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Runnable deed = () -> {
            inDevice.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        try (Vm vm = started(machine(new TinyKernel().startFirstDevice().print("up").echoUntil('$').spin()).device("probe", onNotify(deed)))) {
            inDevice.await();
            String refusal = assertThrows(PauseException.class, () -> vm.pause(Duration.ofMillis(100))).getMessage();
            assertEquals("the guest was not paused, a device keeps the thread vm-events after 100 ms; it runs on", refusal);
            assertEquals(VmState.RUNNING, vm.state());
            console.type("on");
            assertTrue(console.awaitText("on", PATIENCE), console.text());
            release.countDown();
            vm.pause();
            assertEquals(VmState.PAUSED, vm.state());
        }
    }

    @Test
    void devicesOfAPausedMachineAreChanged() throws Exception {
        Path first = Files.write(directory.resolve("first"), new byte[4096]);
        Path second = Files.write(directory.resolve("second"), new byte[8192]);
        VmBuilder machine = machine(new TinyKernel().startFirstDevice().print("up").spin()).drive(new DriveConfig("d", false, null, first.toString(), false, null));
        try (Vm vm = started(machine)) {
            assertTrue(console.awaitText("up", PATIENCE), console.text());
            vm.pause();
            vm.drive("d").updateRateLimiter(new RateLimiterConfig(null, null)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            vm.drive("d").updateImage(second).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertEquals(1, vm.metrics().drives().get("d").imageChanges());
            assertEquals(VmState.PAUSED, vm.state());
            vm.resume();
            vm.drive("d").updateImage(first).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void aPausedMachineIsClosedWithWhatWaitsForItsDevices() throws Exception {
        AtomicLong notified = new AtomicLong();
        Vm vm = started(machine(notifying(0)).device("probe", onNotify(notified::incrementAndGet)));
        awaitMore(notified, 0);
        vm.pause();
        vm.close();
        assertEquals(VmState.STOPPED, vm.state());
        assertEquals(List.of(VmExitReason.STOPPED), List.of(vm.await().reason()));
    }
}
