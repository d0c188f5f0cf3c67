package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ends that a device or a console of the embedder's stands against. */
@Tag("kvm")
@Timeout(120)
class SlowEndTest extends GivenParts {

    private Vm started(VmBuilder builder) throws Exception {
        Vm vm = builder.build();
        vm.start();
        return vm;
    }

    private static void park(CountDownLatch until) {
        try {
            until.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aWriteThatBlocksUntilItsConsoleIsClosedDoesNotKeepTheMachineFromItsEnd() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        CountDownLatch writing = new CountDownLatch(1);
        Vm vm = started(machine(new TinyKernel().print("x").spin()).serial(new ShakyConsole() {
            @Override
            public void write(int octet) {
                writing.countDown();
                park(closed);
            }

            @Override
            public void close() {
                closed.countDown();
            }
        }));
        writing.await();
        vm.close();
        assertEquals(VmState.STOPPED, vm.state());
    }

    @Test
    void aPauseThatWaitsForABlockedWriteDoesNotKeepTheMachineFromItsEndEither() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        CountDownLatch writing = new CountDownLatch(1);
        Vm vm = started(machine(new TinyKernel().print("x").spin()).serial(new ShakyConsole() {
            @Override
            public void write(int octet) {
                writing.countDown();
                park(closed);
            }

            @Override
            public void close() {
                closed.countDown();
            }
        }));
        writing.await();
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<String> paused = CompletableFuture.supplyAsync(() -> {
            asked.countDown();
            return assertThrows(IllegalStateException.class, () -> vm.pause(Duration.ofMinutes(10))).getMessage();
        });
        asked.await();
        vm.close();
        String refusal = paused.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertTrue(refusal.matches("a machine that is stopp\\w+ cannot be paused"), refusal);
    }

    @Test
    void whatCanBeEndedIsWhileADeviceOrAConsoleKeepsAThread() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch inDevice = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(2);
        ShakyConsole stuck = new ShakyConsole() {
            @Override
            public void close() {
                closing.countDown();
                park(release);
            }
        };
        ShakyConsole good = new ShakyConsole() {
            @Override
            public void close() {
                closing.countDown();
            }
        };
        Runnable deed = () -> {
            inDevice.countDown();
            park(release);
        };
        Vm vm = started(machine(new TinyKernel().startDevice(0x1000).spin()).serial(stuck).virtioConsole(good)
                .device("probe", onNotify(deed)));
        inDevice.await();
        CompletableFuture<Void> closed = CompletableFuture.runAsync(vm::close);
        assertTrue(closing.await(PATIENCE.toSeconds(), TimeUnit.SECONDS), "both consoles are closed though the loop hangs in a device");
        assertEquals(VmState.STOPPING, vm.state());
        release.countDown();
        closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertEquals(VmExitReason.STOPPED, vm.await().reason());
    }
}
