package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MemoryBalloonConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.control.ControlClient;
import io.vmm4j.core.control.ControlServer;
import io.vmm4j.core.control.VcpuResizeException;
import io.vmm4j.core.host.SocketConsole;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What machines have beside their guests: helping threads, and sockets that no two can have. */
@Tag("kvm")
@Timeout(120)
class TinyHelpersTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final CapturedConsole console = StreamConsole.capture();

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    private VmBuilder machine() throws IOException {
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        return VmBuilder.create().kernel(new TinyKernel().print("up").spin().writeTo(directory.resolve("kernel"))).initrd(initrd);
    }

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(thread -> thread.getName() + " " + thread.getId()).collect(Collectors.toSet());
    }

    /** Threads that have come since, but for that of a further vCPU, at work or not, and the JVM's own for compilation. */
    private static List<String> newSince(Set<String> before) {
        return threads().stream().filter(name -> !before.contains(name) && !name.startsWith("vcpu-") && !name.startsWith("vm-spare") && !name.contains("CompilerThread")).toList();
    }

    @Test
    void whatComesUpInAMachinesLifeNeedsNoNewThread() throws Exception {
        Path socket = directory.resolve("control");
        try (Vm vm = machine().maxVcpus(2).serial(console).balloon(new MemoryBalloonConfig(0L, false, null, null, false)).build();
                ControlServer control = ControlServer.open(socket, count -> vm.resizeVcpus(count, Duration.ofMillis(200)))) {
            Set<String> before = threads();
            vm.start();
            assertTrue(console.awaitText("up", PATIENCE), console.text());
            vm.balloon().setTargetMib(1).get(30, TimeUnit.SECONDS);
            assertThrows(ExecutionException.class, () -> vm.resizeVcpus(2, Duration.ofMillis(200)).get(30, TimeUnit.SECONDS));
            assertThrows(VcpuResizeException.class, () -> new ControlClient(socket, PATIENCE).resizeVcpus(2));
            vm.pause();
            vm.resume();
            assertEquals(List.of(), newSince(before), "the host may have none to give by then");
            CompletableFuture<String> ender = vm.exit().thenApply(exit -> Thread.currentThread().getName() + " " + Thread.currentThread().getId());
            assertEquals(VmExitReason.STOPPED, vm.shutdown(Duration.ofMillis(100)).get(30, TimeUnit.SECONDS).reason());
            assertTrue(before.contains(ender.get(30, TimeUnit.SECONDS)), "who takes the machine down was there before");
        }
    }

    @Test
    void whatFollowsAResizeMayAskForAnother() throws Exception {
        try (Vm vm = machine().maxVcpus(2).serial(console).build()) {
            vm.start();
            assertTrue(console.awaitText("up", PATIENCE), console.text());
            CompletableFuture<Void> second = vm.resizeVcpus(1, PATIENCE).thenRun(() -> vm.resizeVcpus(1, PATIENCE).join());
            second.get(30, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"serial", "console", "vsock"})
    void ofMachinesBuiltAtOnceWithOneSocketOneHasIt(String kind) throws Exception {
        Path socket = directory.resolve("s");
        UnaryOperator<VmBuilder> parts = builder -> switch (kind) {
            case "serial" -> builder.serial(new SocketConsole(socket));
            case "console" -> builder.serial(StreamConsole.capture()).virtioConsole(new SocketConsole(socket));
            default -> builder.serial(StreamConsole.capture()).vsock(3, socket);
        };
        machine(); // writes the files that all share
        int count = 3;
        CyclicBarrier together = new CyclicBarrier(count);
        Queue<Vm> built = new ConcurrentLinkedQueue<>();
        Queue<String> refusals = new ConcurrentLinkedQueue<>();
        List<Thread> builders = Stream.generate(() -> new Thread(() -> {
            try {
                VmBuilder builder = parts.apply(VmBuilder.create().kernel(directory.resolve("kernel")).initrd(directory.resolve("initrd")));
                together.await();
                built.add(builder.build());
            } catch (IOException | ConfigException e) {
                refusals.add(e.getMessage());
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        })).limit(count).toList();
        builders.forEach(Thread::start);
        for (Thread builder : builders) {
            builder.join();
        }
        try {
            assertEquals(1, built.size(), refusals::toString);
            assertEquals(count - 1, refusals.size());
            assertTrue(refusals.stream().allMatch(refusal -> refusal.contains("cannot create the socket " + socket + ": another process listens there")), refusals::toString);
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                assertTrue(client.isConnected(), "the one that has it is reached");
            }
        } finally {
            built.forEach(Vm::close);
        }
        assertTrue(Files.notExists(socket));
    }
}
