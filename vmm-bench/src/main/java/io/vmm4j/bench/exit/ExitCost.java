package io.vmm4j.bench.exit;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.devices.bus.BusRange;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Has a guest that writes to a port for ever, and a C program with the same guest, and lets each run for so many writes by turns. Prints
 * "own NANOSECONDS" and "peer NANOSECONDS" of one write for each turn, once Java has compiled its part.
 */
public final class ExitCost {

    /** The port that the guest writes to. */
    static final int PORT = 0x700;

    /** Writes before the first turn that counts, by which Java has compiled what there is. */
    private static final long WARM_UP = 30_000;

    private ExitCost() {
    }

    /** The arguments are the number of turns, of writes a turn, the kernel and the C program. */
    public static void main(String[] args) throws Exception {
        int turns = Integer.parseInt(args[0]);
        long writes = Long.parseLong(args[1]);
        Path kernel = Path.of(args[2]);
        Process peer = new ProcessBuilder(args[3], kernel.toString(), Integer.toString(PORT)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        CountingPort port = new CountingPort();
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(peer.getInputStream(), StandardCharsets.US_ASCII));
                Vm vm = VmBuilder.create().kernel(kernel).memoryMib(128).serial(InputStream.nullInputStream(), OutputStream.nullOutputStream())
                        .portDevice("counter", new BusRange(PORT, 1), port).build()) {
            vm.start();
            port.letRun(WARM_UP);
            ask(peer, answers, WARM_UP);
            for (int turn = 0; turn < turns; turn++) {
                double own = (double) port.letRun(writes) / writes;
                double peers = (double) ask(peer, answers, writes) / writes;
                System.out.printf(Locale.ROOT, "own %.1f%npeer %.1f%n", own, peers);
            }
            port.open();
        } finally {
            peer.destroyForcibly().waitFor();
        }
    }

    private static long ask(Process peer, BufferedReader answers, long writes) throws IOException {
        peer.getOutputStream().write((writes + "\n").getBytes(StandardCharsets.US_ASCII));
        peer.getOutputStream().flush();
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the C program gave no answer");
        }
        return Long.parseLong(line);
    }
}
