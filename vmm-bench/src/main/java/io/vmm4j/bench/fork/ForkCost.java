package io.vmm4j.bench.fork;

import io.vmm4j.cli.training.TinyGuest;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmRestore;
import io.vmm4j.core.snapshot.MachineSnapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Times machines that go on from a snapshot, from the call to the guest's first instruction, in turns with a C program that makes such a machine;
 * resets in place; a snapshot of 1 GiB of which 64 MiB are used; and has many such machines at once.
 */
public final class ForkCost {

    private static final double NANOS_PER_MILLI = 1e6;

    private ForkCost() {
    }

    /** The arguments are the numbers of turns, of turns before them that warm up, and of machines at once, a directory for files, and the C program. */
    public static void main(String[] args) throws Exception {
        int turns = Integer.parseInt(args[0]);
        int warmUp = Integer.parseInt(args[1]);
        int machines = Integer.parseInt(args[2]);
        Path directory = Path.of(args[3]);
        Path kernel = Files.write(directory.resolve("gated"), GatedGuest.image());
        System.out.printf(Locale.ROOT, "%-46s %10s %10s %10s%n", "milliseconds, " + turns + " turns", "p50", "p99", "least");
        try (Vm vm = gated(kernel, 128); MachineSnapshot snapshot = vm.snapshot()) {
            forkInTurns(snapshot, turns, warmUp, directory, args[4]);
            resetInPlace(snapshot, turns, warmUp);
        }
        fullSnapshot(kernel, directory);
        try (Vm vm = gated(kernel, 32); MachineSnapshot snapshot = vm.snapshot()) {
            fleet(snapshot, machines);
        }
        System.out.println("load of the last 1, 5 and 15 minutes: " + Files.readString(Path.of("/proc/loadavg")).strip());
    }

    /** A machine whose guest waits. */
    private static Vm gated(Path kernel, int memoryMib) throws Exception {
        Vm vm = VmBuilder.create().kernel(kernel).memoryMib(memoryMib).serial(new GatedGuest.Reports())
                .portDevice("gate", GatedGuest.PORT, new GatedGuest.Gate(0)).build();
        vm.start();
        return vm;
    }

    private static VmRestore fork(MachineSnapshot snapshot, GatedGuest.Reports reports, GatedGuest.Gate gate) {
        return snapshot.restore().serial(reports).portDevice("gate", GatedGuest.PORT, VmBuilder.NO_INTERRUPT, (line, loop) -> gate);
    }

    private static void forkInTurns(MachineSnapshot snapshot, int turns, int warmUp, Path directory, String program) throws Exception {
        Path halting = Files.write(directory.resolve("halting"), TinyGuest.image(TinyGuest.Kind.HALTING));
        long[] own = new long[turns];
        long[] peers = new long[turns];
        Process peer = new ProcessBuilder(program, halting.toString(), "128").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(peer.getInputStream(), StandardCharsets.US_ASCII))) {
            for (int turn = -warmUp; turn < turns; turn++) {
                long taken = forkOnce(snapshot);
                peer.getOutputStream().write('\n');
                peer.getOutputStream().flush();
                long peerTaken = Long.parseLong(answers.readLine().split(" ")[0]);
                if (turn >= 0) {
                    own[turn] = taken;
                    peers[turn] = peerTaken;
                }
            }
        } finally {
            peer.destroyForcibly().waitFor();
        }
        print("fork, 128 MiB, to the guest's first byte", own);
        print("C program: make a machine and enter it", peers);
        System.out.printf(Locale.ROOT, "%-46s %10.2f %10.2f%n", "ratio", (double) at(own, 50) / at(peers, 50), (double) at(own, 99) / at(peers, 50));
    }

    private static long forkOnce(MachineSnapshot snapshot) throws Exception {
        GatedGuest.Reports reports = new GatedGuest.Reports();
        long start = System.nanoTime();
        try (Vm vm = fork(snapshot, reports, new GatedGuest.Gate(GatedGuest.REPORT_AND_HALT)).build()) {
            vm.start();
            return reports.await() - start;
        }
    }

    private static void resetInPlace(MachineSnapshot snapshot, int turns, int warmUp) throws Exception {
        long[] taken = new long[turns];
        int pages = 0;
        GatedGuest.Reports reports = new GatedGuest.Reports();
        GatedGuest.Gate gate = new GatedGuest.Gate(0);
        try (Vm vm = fork(snapshot, reports, gate).build()) {
            vm.start();
            for (int turn = -warmUp; turn < turns; turn++) {
                gate.set(GatedGuest.WRITE_100_PAGES);
                reports.await();
                long start = System.nanoTime();
                pages = vm.resetTo(snapshot);
                if (turn >= 0) {
                    taken[turn] = System.nanoTime() - start;
                }
            }
        }
        print("reset in place, " + pages + " pages put back", taken);
    }

    private static void fullSnapshot(Path kernel, Path directory) throws Exception {
        GatedGuest.Reports reports = new GatedGuest.Reports();
        GatedGuest.Gate gate = new GatedGuest.Gate(GatedGuest.WRITE_64_MIB);
        Path place = directory.resolve("full");
        try (Vm vm = VmBuilder.create().kernel(kernel).memoryMib(1024).serial(reports).portDevice("gate", GatedGuest.PORT, gate).build()) {
            vm.start();
            reports.await();
            long start = System.nanoTime();
            try (MachineSnapshot snapshot = vm.snapshot()) {
                long took = System.nanoTime();
                snapshot.save(place);
                long saved = System.nanoTime();
                vm.snapshot().close();
                System.out.printf(Locale.ROOT, "1 GiB, 64 MiB used: taken in %.1f ms, saved in %.1f ms, %d MiB on disk; the next, at once: %.1f ms%n",
                        (took - start) / NANOS_PER_MILLI, (saved - took) / NANOS_PER_MILLI, blocks(place.resolve("memory")) >> 20,
                        (System.nanoTime() - saved) / NANOS_PER_MILLI);
            }
        }
    }

    private static long blocks(Path file) throws IOException, InterruptedException {
        Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
        return Long.parseLong(new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip()) * 512;
    }

    /** What this process, and the host for it, has now. */
    private record Holdings(long threads, long descriptors, long mappings, long residentKib, long hostKib) {

        static Holdings now() throws IOException {
            System.gc();
            return new Holdings(count("/proc/self/task"), count("/proc/self/fd"), lines("/proc/self/maps"), field("/proc/self/status", "VmRSS:"),
                    -field("/proc/meminfo", "MemAvailable:"));
        }

        private static long count(String directory) throws IOException {
            try (Stream<Path> files = Files.list(Path.of(directory))) {
                return files.count();
            }
        }

        private static long lines(String file) throws IOException {
            try (Stream<String> lines = Files.lines(Path.of(file))) {
                return lines.count();
            }
        }

        private static long field(String file, String name) throws IOException {
            try (Stream<String> lines = Files.lines(Path.of(file))) {
                return lines.filter(line -> line.startsWith(name)).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).sum();
            }
        }
    }

    private static void fleet(MachineSnapshot snapshot, int machines) throws Exception {
        Holdings before = Holdings.now();
        List<Vm> fleet = new ArrayList<>();
        List<GatedGuest.Reports> all = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < machines; i++) {
            GatedGuest.Reports reports = new GatedGuest.Reports();
            Vm vm = fork(snapshot, reports, new GatedGuest.Gate(GatedGuest.REPORT_AND_HALT)).build();
            fleet.add(vm);
            all.add(reports);
            vm.start();
        }
        for (GatedGuest.Reports reports : all) {
            reports.await();
        }
        long answered = System.nanoTime();
        Holdings with = Holdings.now();
        long closing = System.nanoTime();
        Vm.closeAll(fleet);
        long closed = System.nanoTime();
        Holdings after = Holdings.now();
        System.out.printf(Locale.ROOT, "%d machines of 32 MiB at once: all have answered after %.0f ms, closed in %.0f ms%n", machines,
                (answered - start) / NANOS_PER_MILLI, (closed - closing) / NANOS_PER_MILLI);
        System.out.printf(Locale.ROOT, "each: %.2f threads, %.2f descriptors, %.2f mappings, %.0f KiB resident, %.0f KiB of the host's%n",
                (double) (with.threads - before.threads) / machines, (double) (with.descriptors - before.descriptors) / machines,
                (double) (with.mappings - before.mappings) / machines, (double) (with.residentKib - before.residentKib) / machines,
                (double) (with.hostKib - before.hostKib) / machines);
        System.out.printf(Locale.ROOT, "left when all are closed: %d threads, %d descriptors, %d mappings%n", after.threads - before.threads,
                after.descriptors - before.descriptors, after.mappings - before.mappings);
    }

    private static long at(long[] nanos, int percent) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
    }

    private static void print(String what, long[] nanos) {
        System.out.printf(Locale.ROOT, "%-46s %10.3f %10.3f %10.3f%n", what, at(nanos, 50) / NANOS_PER_MILLI, at(nanos, 99) / NANOS_PER_MILLI,
                at(nanos, 0) / NANOS_PER_MILLI);
    }
}
