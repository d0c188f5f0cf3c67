package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** What waits for a machine, called where the wait would be for the caller itself. */
@Tag("kvm")
@Timeout(120)
class OwnThreadsTest extends GivenParts {

    /** The window behind the drive's. */
    private static final int PROBE = 0x1000;

    private final CapturedConsole console = StreamConsole.capture();
    private final CompletableFuture<Vm> machine = new CompletableFuture<>();
    /** By call, what came of it, or null where nothing was thrown. */
    private final CompletableFuture<Map<String, Throwable>> outcomes = new CompletableFuture<>();

    @Override
    VmBuilder machine(TinyKernel kernel) throws IOException {
        Path disk = Files.write(Files.createTempFile(directory, "disk", ".img"), new byte[4096]);
        return super.machine(kernel).maxVcpus(2)
                .drive(new DriveConfig("d", false, null, disk.toString(), false, null)).serial(console);
    }

    private Vm started(VmBuilder builder) throws Exception {
        Vm vm = builder.build();
        vm.start();
        machine.complete(vm);
        return vm;
    }

    /** Tries all that waits, on the thread that calls this; the first caller's outcomes count. */
    private void tryAll() {
        if (outcomes.isDone()) {
            return;
        }
        Vm vm = machine.join();
        Map<String, Throwable> thrown = new LinkedHashMap<>();
        note(thrown, "pause", vm::pause);
        note(thrown, "resume", vm::resume);
        note(thrown, "await", vm::await);
        note(thrown, "await bounded", () -> vm.await(PATIENCE));
        note(thrown, "look", () -> vm.await(Duration.ZERO));
        note(thrown, "exit join", () -> vm.exit().join());
        note(thrown, "exit get", () -> vm.exit().thenApply(exit -> exit).get());
        note(thrown, "shutdown join", () -> vm.shutdown(Duration.ofHours(1)).join());
        note(thrown, "close", vm::close);
        outcomes.complete(thrown);
    }

    private static void note(Map<String, Throwable> thrown, String call, Executable code) {
        try {
            code.execute();
            thrown.put(call, null);
        } catch (Throwable e) {
            thrown.put(call, e);
        }
    }

    /** All were refused, and what the last one asked for has happened. */
    private void assertRefused(Vm vm, String thread) throws Exception {
        outcomes.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).forEach((call, thrown) -> {
            if (call.equals("look")) {
                assertNull(thrown, "a look does not wait");
                return;
            }
            assertInstanceOf(IllegalStateException.class, thrown, call);
            assertTrue(thrown.getMessage().contains("thread " + thread + ", which is the machine's own"), call + ": " + thrown.getMessage());
        });
        assertEquals("the machine was closed", vm.await(PATIENCE).orElseThrow().message());
        vm.close();
    }

    @Test
    void onTheEventLoopAllThatWaitsIsRefused() throws Exception {
        Vm vm = started(machine(new TinyKernel().startDevice(PROBE).spin()).device("probe", onNotify(this::tryAll)));
        assertRefused(vm, "vm-events");
    }

    @Test
    void onAVcpuAllThatWaitsIsRefused() throws Exception {
        TinyKernel kernel = new TinyKernel().mapFirstWindow().readRegister(PROBE + 0x100).spin();
        assertRefused(started(machine(kernel).device("probe", onRead(this::tryAll))), "vcpu-0");
    }

    @Test
    void inAConsolesWriteAllThatWaitsIsRefused() throws Exception {
        Vm vm = started(machine(new TinyKernel().print("x").spin()).serial(new ShakyConsole() {
            @Override
            public void write(int octet) {
                tryAll();
            }
        }));
        assertRefused(vm, "vcpu-0");
    }

    @Test
    void onTheThreadsThatServeAConsolesStreamsAllThatWaitsIsRefused() throws Exception {
        OutputStream printed = new OutputStream() {
            @Override
            public void write(int octet) {
                tryAll();
            }
        };
        assertRefused(started(machine(new TinyKernel().print("x").spin()).serial(new StreamConsole(InputStream.nullInputStream(), printed))), "console-out");
    }

    @Test
    void onTheThreadThatReadsAConsolesInputAllThatWaitsIsRefused() throws Exception {
        InputStream typed = new InputStream() {
            @Override
            public int read() {
                tryAll();
                return -1;
            }
        };
        assertRefused(started(machine(new TinyKernel().spin()).serial(new StreamConsole(typed, OutputStream.nullOutputStream()))), "console-in");
    }

    @Test
    void aConsoleThatClosesItsMachineWhenItIsClosedIsRefused() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Vm vm = started(machine(new TinyKernel().spin()).serial(new ShakyConsole() {
            @Override
            public void close() {
                Map<String, Throwable> outcome = new LinkedHashMap<>();
                note(outcome, "close", () -> machine.join().close());
                thrown.complete(outcome.get("close"));
            }
        }));
        vm.close();
        assertInstanceOf(IllegalStateException.class, thrown.join());
    }

    @Test
    void commandsToADeviceAreNotWaitedForOnTheLoopThatCarriesThemOut() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Runnable deed = () -> {
            Map<String, Throwable> outcome = new LinkedHashMap<>();
            note(outcome, "join", () -> machine.join().drive("d").updateRateLimiter(new RateLimiterConfig(null, null)).join());
            thrown.complete(outcome.get("join"));
        };
        try (Vm vm = started(machine(new TinyKernel().startDevice(PROBE).spin()).device("probe", onNotify(deed)))) {
            assertInstanceOf(IllegalStateException.class, thrown.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            assertEquals(VmState.RUNNING, vm.state());
        }
    }

    @Test
    void aGuestsInputIsNotWaitedForOnTheThreadsThatServeTheGuest() throws Exception {
        CompletableFuture<Throwable> typing = new CompletableFuture<>();
        CompletableFuture<Throwable> reading = new CompletableFuture<>();
        Runnable deed = () -> {
            Map<String, Throwable> outcome = new LinkedHashMap<>();
            note(outcome, "type", () -> console.type("x".repeat(100_000)));
            note(outcome, "await", () -> console.awaitText("never", PATIENCE));
            typing.complete(outcome.get("type"));
            reading.complete(outcome.get("await"));
        };
        try (Vm vm = started(machine(new TinyKernel().startDevice(PROBE).spin()).device("probe", onNotify(deed)))) {
            assertInstanceOf(IllegalStateException.class, typing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            assertInstanceOf(IllegalStateException.class, reading.join());
            assertEquals(VmState.RUNNING, vm.state());
        }
    }

    @Test
    void whatFollowsAFutureMayWaitAlsoForTheEnd() throws Exception {
        Vm first = started(machine(new TinyKernel().print("up").spin()));
        first.drive("d").updateRateLimiter(new RateLimiterConfig(null, null)).thenRun(first::close).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertEquals(VmState.STOPPED, first.state());
        Vm second = machine(new TinyKernel().spin()).serial(StreamConsole.capture()).build();
        second.start();
        second.resizeVcpus(2, Duration.ofMillis(10)).handle((done, failure) -> {
            second.close();
            return null;
        }).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertEquals(VmState.STOPPED, second.state());
        Vm third = machine(new TinyKernel().reset()).serial(StreamConsole.capture()).build();
        CompletableFuture<Void> closed = third.exit().thenAccept(exit -> third.close());
        third.start();
        closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void anotherMachinesThreadsMayWait() throws Exception {
        Vm other = machine(new TinyKernel().spin()).serial(StreamConsole.capture()).build();
        other.start();
        CompletableFuture<Void> closed = new CompletableFuture<>();
        Runnable deed = () -> {
            other.pause();
            other.resume();
            other.close();
            closed.complete(null);
        };
        try (Vm vm = started(machine(new TinyKernel().startDevice(PROBE).spin()).device("probe", onNotify(deed)))) {
            closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertEquals(VmState.RUNNING, vm.state());
        }
    }
}
