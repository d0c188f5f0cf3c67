package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.console.CapturedConsole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many machines in one JVM, at once and one after the other. */
@Tag("kvm")
@Timeout(600)
class TinyFleetTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int AT_ONCE = 100;
    private static final int MEMORY_MIB = 64;
    /** What the JVM itself may come to hold meanwhile: threads that compile and collect, files of classes, their memory. */
    private static final int THREADS_OF_JVM = 12;
    private static final int DESCRIPTORS_OF_JVM = 8;
    private static final int MAPPINGS_OF_JVM = 100;
    private static final long HEAP_SLACK = 8 << 20;

    @TempDir
    Path directory;

    private Path kernel;

    @BeforeEach
    void needsKvm() throws IOException {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        kernel = new TinyKernel().print("up").halt().writeTo(directory.resolve("kernel"));
    }

    /** What this process has. */
    private record Holdings(long descriptors, long mappings, long heap) {

        static Holdings now() throws IOException {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd")); Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                return new Holdings(open.count(), maps.count(), runtime.totalMemory() - runtime.freeMemory());
            }
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).sorted().collect(Collectors.toList());
    }

    private List<Vm> fleet(int count) throws Exception {
        List<Vm> fleet = new ArrayList<>();
        List<CapturedConsole> consoles = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                CapturedConsole console = CapturedConsole.create();
                Vm vm = VmBuilder.create().kernel(kernel).machine(MachineConfig.defaults().withMemSizeMib(MEMORY_MIB)).serial(console).build();
                fleet.add(vm);
                consoles.add(console);
                vm.start();
            }
            for (CapturedConsole console : consoles) {
                assertTrue(console.awaitText("up", PATIENCE), console.text());
            }
            return fleet;
        } catch (Exception | Error e) {
            Vm.closeAll(fleet);
            throw e;
        }
    }

    @Test
    void aHundredAtOnceHaveAThreadEachBesideTheirVcpu() throws Exception {
        Vm.closeAll(fleet(2));
        int before = threads().size();
        List<Vm> fleet = fleet(AT_ONCE);
        try {
            List<String> with = threads();
            assertTrue(with.size() - before <= 2 * AT_ONCE + THREADS_OF_JVM, () -> "threads: " + with);
        } finally {
            Vm.closeAll(fleet);
        }
        assertTrue(fleet.stream().allMatch(vm -> vm.state() == VmState.STOPPED));
    }

    @Test
    void machinesOfTheDefaultTypeHoldLittleMoreThanTheirGuestsWrote() throws Exception {
        Vm.closeAll(fleet(10));
        long before = residentKib();
        List<Vm> fleet = fleet(AT_ONCE);
        try {
            long each = (residentKib() - before) / AT_ONCE;
            assertTrue(each < 512, "a machine holds " + each + " KiB");
        } finally {
            Vm.closeAll(fleet);
        }
    }

    private static long residentKib() throws IOException {
        System.gc();
        try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
            return status.filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).sum();
        }
    }

    @Test
    void aThousandInARowLeaveNothingBehind() throws Exception {
        row(100);
        Holdings before = Holdings.now();
        row(1000);
        Holdings after = Holdings.now();
        assertTrue(after.descriptors <= before.descriptors + DESCRIPTORS_OF_JVM, "descriptors: " + before + ", " + after);
        assertTrue(after.mappings <= before.mappings + MAPPINGS_OF_JVM, "mappings: " + before + ", " + after);
        assertTrue(after.heap <= before.heap + HEAP_SLACK, "heap: " + before + ", " + after);
        assertEquals(List.of(), threads().stream().filter(name -> name.startsWith("vcpu-") || name.startsWith("vm-events") || name.startsWith("console-")).toList());
    }

    /** So many, ten of which end together: each waits for the kernel. */
    private void row(int count) throws Exception {
        for (int i = 0; i < count; i += 10) {
            Vm.closeAll(fleet(10));
        }
    }
}
