package io.vmm4j.bench.start;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts programs by turns and prints how long each took to its first sign of life: a byte on standard output, or, of a program that
 * listens at the socket {@code api.sock} in the current directory, the answer to {@code GET /version}.
 */
public final class ApiStart {

    private static final byte[] REQUEST = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final Path SOCKET = Path.of("api.sock");
    private static final long LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final double NANOS_PER_MILLI = 1e6;

    private ApiStart() {
    }

    /**
     * The arguments are the number of runs, and then for each side a name and a command, its words separated by blanks; one with
     * {@code api.sock} in it is taken to listen there.
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        int runs = Integer.parseInt(args[0]);
        int sides = (args.length - 1) / 2;
        long[][] nanos = new long[sides][runs];
        // The first round is this program's own warm-up.
        for (int run = -1; run < runs; run++) {
            for (int side = 0; side < sides; side++) {
                long taken = once(List.of(args[2 + 2 * side].split(" ")));
                if (run >= 0) {
                    nanos[side][run] = taken;
                }
            }
        }
        System.out.printf(Locale.ROOT, "%-44s %10s %10s %10s%n", "milliseconds, " + runs + " runs each", "median", "least", "most");
        for (int side = 0; side < sides; side++) {
            Arrays.sort(nanos[side]);
            System.out.printf(Locale.ROOT, "%-44s %10.1f %10.1f %10.1f%n", args[1 + 2 * side], nanos[side][runs / 2] / NANOS_PER_MILLI,
                    nanos[side][0] / NANOS_PER_MILLI, nanos[side][runs - 1] / NANOS_PER_MILLI);
        }
    }

    private static long once(List<String> command) throws IOException, InterruptedException {
        Files.deleteIfExists(SOCKET);
        boolean isServer = command.contains(SOCKET.toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        if (isServer) {
            builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        }
        long start = System.nanoTime();
        Process process = builder.start();
        try {
            if (isServer) {
                awaitAnswer(process, start);
            } else if (process.getInputStream().read() < 0) {
                throw new IOException("no output: " + command);
            }
            return System.nanoTime() - start;
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static void awaitAnswer(Process process, long start) throws IOException {
        while (true) {
            try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                client.connect(UnixDomainSocketAddress.of(SOCKET));
                client.write(ByteBuffer.wrap(REQUEST));
                if (client.read(ByteBuffer.allocate(1)) != 1) {
                    throw new IllegalStateException("no answer");
                }
                return;
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() - start > LIMIT_NANOS) {
                    throw e;
                }
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
