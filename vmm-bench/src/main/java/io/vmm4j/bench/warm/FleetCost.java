package io.vmm4j.bench.warm;

import io.vmm4j.cli.training.TinyGuest;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VmConfigJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Has many machines at once, and prints what each costs, and how long they take to be closed one by one and all at once. */
public final class FleetCost {

    private static final int MEMORY_MIB = 64;
    private static final int KIB_SHIFT = 10;
    private static final double NANOS_PER_MILLI = 1e6;

    private FleetCost() {
    }

    /** What this process has now. */
    private record Holdings(long threads, long descriptors, long mappings, long residentKib, long heapKib) {

        static Holdings now() throws IOException {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            try (Stream<String> status = Files.lines(Path.of("/proc/self/status")); Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                long resident = status.filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).sum();
                return new Holdings(count("/proc/self/task"), count("/proc/self/fd"), maps.count(), resident,
                        runtime.totalMemory() - runtime.freeMemory() >> KIB_SHIFT);
            }
        }

        private static long count(String directory) throws IOException {
            try (Stream<Path> files = Files.list(Path.of(directory))) {
                return files.count();
            }
        }

        void printBeyond(Holdings before, int machines, String what) {
            System.out.printf(Locale.ROOT, "%-34s %10.2f %12.2f %10.2f %14.1f %10.1f%n", what, (double) (threads - before.threads) / machines,
                    (double) (descriptors - before.descriptors) / machines, (double) (mappings - before.mappings) / machines,
                    (double) (residentKib - before.residentKib) / machines, (double) (heapKib - before.heapKib) / machines);
        }
    }

    /** The arguments are the number of machines, and a file for the kernel. */
    public static void main(String[] args) throws Exception {
        int machines = Integer.parseInt(args[0]);
        Path kernel = Files.write(Path.of(args[1]), TinyGuest.image(TinyGuest.Kind.HALTING));
        for (int i = 0; i < machines; i++) {
            fleet(kernel, 1, "shmem").get(0).close();
        }
        System.out.printf(Locale.ROOT, "%-34s %10s %12s %10s %14s %10s%n", "each of " + machines + " idle machines", "threads", "descriptors",
                "mappings", "resident (KiB)", "heap (KiB)");
        for (String type : new String[] {"shmem", "anon"}) {
            Holdings before = Holdings.now();
            List<Vm> fleet = fleet(kernel, machines, type);
            Holdings with = Holdings.now();
            with.printBeyond(before, machines, "memory type " + type);
            Vm.closeAll(fleet);
        }
        List<Vm> fleet = fleet(kernel, machines, "shmem");
        long start = System.nanoTime();
        fleet.forEach(Vm::close);
        long oneByOne = System.nanoTime() - start;
        fleet = fleet(kernel, machines, "shmem");
        start = System.nanoTime();
        Vm.closeAll(fleet);
        System.out.printf(Locale.ROOT, "closed one by one in %.0f ms, all at once in %.0f ms%n", oneByOne / NANOS_PER_MILLI,
                (System.nanoTime() - start) / NANOS_PER_MILLI);
    }

    private static List<Vm> fleet(Path kernel, int machines, String type) throws Exception {
        List<Vm> fleet = new ArrayList<>();
        List<FirstByte> consoles = new ArrayList<>();
        for (int i = 0; i < machines; i++) {
            FirstByte console = new FirstByte();
            Vm vm = VmBuilder.fromConfig(config(kernel, type)).serial(console).build();
            fleet.add(vm);
            consoles.add(console);
            vm.start();
        }
        for (FirstByte console : consoles) {
            console.await();
        }
        return fleet;
    }

    private static VmConfig config(Path kernel, String type) throws ConfigException {
        return VmConfigJson.parse("{\"boot-source\":{\"kernel_image_path\":\"" + kernel + "\"},\"machine-config\":{\"mem_size_mib\":" + MEMORY_MIB
                + ",\"mem_type\":\"" + type + "\"}}", "fleet");
    }
}
