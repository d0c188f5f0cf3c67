package io.vmm4j.bench.warm;

import io.vmm4j.cli.training.TinyGuest;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Builds and starts one machine after the other, each until its guest's first byte, in turns with a C program that makes the same machine,
 * and prints how long both took.
 */
public final class WarmStart {

    private static final int MEMORY_MIB = 128;
    private static final double NANOS_PER_MILLI = 1e6;

    private WarmStart() {
    }

    /** Times of one side. */
    private static final class Times {
        private final long[] first;
        private final long[] close;

        Times(int turns) {
            first = new long[turns];
            close = new long[turns];
        }

        void put(int turn, long[] taken) {
            if (turn >= 0) {
                first[turn] = taken[0];
                close[turn] = taken[1];
            }
        }

        static double millis(long[] nanos, int percent) {
            long[] sorted = nanos.clone();
            Arrays.sort(sorted);
            return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)] / NANOS_PER_MILLI;
        }

        void print(String name) {
            System.out.printf(Locale.ROOT, "%-34s %10.2f %10.2f %10.2f %12.2f%n", name, millis(first, 50), millis(first, 99), millis(first, 0),
                    millis(close, 50));
        }
    }

    /**
     * The arguments are the number of turns, of turns before them that warm up, a file for the kernel, and the C program; without that, machines
     * are made only, for who counts system calls.
     */
    public static void main(String[] args) throws Exception {
        int turns = Integer.parseInt(args[0]);
        int warmUp = Integer.parseInt(args[1]);
        Path kernel = Files.write(Path.of(args[2]), TinyGuest.image(TinyGuest.Kind.HALTING));
        if (args.length < 4) {
            for (int turn = 0; turn < turns; turn++) {
                once(kernel);
            }
            return;
        }
        Times own = new Times(turns);
        Times peers = new Times(turns);
        Process peer = new ProcessBuilder(args[3], kernel.toString(), Integer.toString(MEMORY_MIB)).redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(peer.getInputStream(), StandardCharsets.US_ASCII))) {
            for (int turn = -warmUp; turn < turns; turn++) {
                own.put(turn, once(kernel));
                peers.put(turn, once(peer, answers));
            }
        } finally {
            peer.destroyForcibly().waitFor();
        }
        System.out.printf(Locale.ROOT, "%-34s %10s %10s %10s %12s%n", "milliseconds, " + turns + " turns", "p50", "p99", "least", "close, p50");
        own.print("vmm4j, Java " + Runtime.version().feature());
        peers.print("C program");
        System.out.printf(Locale.ROOT, "%-34s %10.2f %10.2f %10.2f %12.2f%n", "ratio", ratio(own.first, peers.first, 50), ratio(own.first, peers.first, 99),
                ratio(own.first, peers.first, 0), ratio(own.close, peers.close, 50));
        System.out.println("load of the last 1, 5 and 15 minutes: " + Files.readString(Path.of("/proc/loadavg")).strip());
    }

    private static double ratio(long[] own, long[] peers, int percent) {
        return Times.millis(own, percent) / Times.millis(peers, percent);
    }

    /** Nanoseconds to the first byte, and of the close. */
    private static long[] once(Path kernel) throws Exception {
        FirstByte console = new FirstByte();
        long start = System.nanoTime();
        Vm vm = VmBuilder.create().kernel(kernel).memoryMib(MEMORY_MIB).serial(console).build();
        try {
            vm.start();
            long taken = console.await() - start;
            long closing = System.nanoTime();
            vm.close();
            return new long[] {taken, System.nanoTime() - closing};
        } finally {
            vm.close();
        }
    }

    private static long[] once(Process peer, BufferedReader answers) throws IOException {
        peer.getOutputStream().write('\n');
        peer.getOutputStream().flush();
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the C program gave no answer");
        }
        return Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray();
    }
}
