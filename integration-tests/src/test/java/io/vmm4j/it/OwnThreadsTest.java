package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.host.CapturedConsole;
import io.vmm4j.core.host.SerialConsole;
import io.vmm4j.core.host.SerialPort;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.function.Executable;

/** What waits for a machine, called where the wait would be for the caller itself; and ends that something stands against. */
@Tag("kvm")
@Timeout(120)
class OwnThreadsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** The window behind the drive's. */
    private static final int PROBE = 0x1000;

    @TempDir
    Path directory;

    private final CapturedConsole console = StreamConsole.capture();
    private final CompletableFuture<Vm> machine = new CompletableFuture<>();
    /** By call, what came of it, or null where nothing was thrown. */
    private final CompletableFuture<Map<String, Throwable>> outcomes = new CompletableFuture<>();

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    private VmBuilder machine(TinyKernel kernel) throws IOException {
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        Path disk = Files.write(Files.createTempFile(directory, "disk", ".img"), new byte[4096]);
        return VmBuilder.create().kernel(kernel.writeTo(Files.createTempFile(directory, "kernel", ".elf"))).initrd(initrd).maxVcpus(2)
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

    private static void park(CountDownLatch until) {
        try {
            until.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs what a test wants at its places. */
    private static final class Probe implements VirtioDevice {
        private final Runnable onNotify;
        private final Runnable onRead;

        Probe(Runnable onNotify, Runnable onRead) {
            this.onNotify = onNotify;
            this.onRead = onRead;
        }

        @Override
        public VirtioDeviceType type() {
            return new VirtioDeviceType(0xF000, "probe");
        }

        @Override
        public long deviceFeatures() {
            return 0;
        }

        @Override
        public int[] queueSizeMax() {
            return new int[] {16};
        }

        @Override
        public ConfigSpace configSpace() {
            ConfigSpace space = new ByteConfigSpace(8);
            return new ConfigSpace() {
                @Override
                public long read(long offset, int width) {
                    onRead.run();
                    return 0;
                }

                @Override
                public void write(long offset, int width, long value) {
                    space.write(offset, width, value);
                }
            };
        }

        @Override
        public void activate(VirtioActivation activation) {
            // Nothing to do.
        }

        @Override
        public void onQueueNotify(int queueIndex) {
            onNotify.run();
        }

        @Override
        public void reset() {
            // Nothing to do.
        }
    }

    @Test
    void onTheEventLoopAllThatWaitsIsRefused() throws Exception {
        Vm vm = started(machine(new TinyKernel().startDevice(PROBE).spin()).device("probe", new Probe(this::tryAll, () -> { })));
        assertRefused(vm, "vm-events");
    }

    @Test
    void onAVcpuAllThatWaitsIsRefused() throws Exception {
        TinyKernel kernel = new TinyKernel().mapFirstWindow().readRegister(PROBE + 0x100).spin();
        assertRefused(started(machine(kernel).device("probe", new Probe(() -> { }, this::tryAll))), "vcpu-0");
    }

    /** Runs what a test wants at its places. */
    private static class ProbeConsole implements SerialConsole, SerialSink {

        @Override
        public SerialSink output() {
            return this;
        }

        @Override
        public void attach(SerialPort port) {
            // Nothing to do.
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void write(int octet) {
            // Nobody reads it.
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    @Test
    void inAConsolesWriteAllThatWaitsIsRefused() throws Exception {
        Vm vm = started(machine(new TinyKernel().print("x").spin()).serial(new ProbeConsole() {
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
        Vm vm = started(machine(new TinyKernel().spin()).serial(new ProbeConsole() {
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
        try (Vm vm = started(machine(new TinyKernel().startDevice(PROBE).spin()).device("probe", new Probe(deed, () -> { })))) {
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
        try (Vm vm = started(machine(new TinyKernel().startDevice(PROBE).spin()).device("probe", new Probe(deed, () -> { })))) {
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
        try (Vm vm = started(machine(new TinyKernel().startDevice(PROBE).spin()).device("probe", new Probe(deed, () -> { })))) {
            closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertEquals(VmState.RUNNING, vm.state());
        }
    }

    @Test
    void aWriteThatBlocksUntilItsConsoleIsClosedDoesNotKeepTheMachineFromItsEnd() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        CountDownLatch writing = new CountDownLatch(1);
        Vm vm = started(machine(new TinyKernel().print("x").spin()).serial(new ProbeConsole() {
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
        Vm vm = started(machine(new TinyKernel().print("x").spin()).serial(new ProbeConsole() {
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
        CompletableFuture<Void> paused = CompletableFuture.runAsync(vm::pause);
        while (vm.state() == VmState.RUNNING) {
            Thread.onSpinWait();
        }
        vm.close();
        paused.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void whatCanBeEndedIsWhileADeviceOrAConsoleKeepsAThread() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch inDevice = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(2);
        ProbeConsole stuck = new ProbeConsole() {
            @Override
            public void close() {
                closing.countDown();
                park(release);
            }
        };
        ProbeConsole good = new ProbeConsole() {
            @Override
            public void close() {
                closing.countDown();
            }
        };
        Runnable deed = () -> {
            inDevice.countDown();
            park(release);
        };
        Vm vm = started(machine(new TinyKernel().startDevice(PROBE + 0x1000).spin()).serial(stuck).virtioConsole(good)
                .device("probe", new Probe(deed, () -> { })));
        inDevice.await();
        CompletableFuture<Void> closed = CompletableFuture.runAsync(vm::close);
        assertTrue(closing.await(PATIENCE.toSeconds(), TimeUnit.SECONDS), "both consoles are closed though the loop hangs in a device");
        assertEquals(VmState.STOPPING, vm.state());
        release.countDown();
        closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertEquals(VmExitReason.STOPPED, vm.await().reason());
    }
}
