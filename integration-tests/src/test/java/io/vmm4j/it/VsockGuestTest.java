package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.console.CapturedConsole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sockets between a Debian guest's stock driver and programs of the host: 64 MiB each way over eight connections. */
@Tag("linux")
class VsockGuestTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int CONNECTIONS = 8;
    private static final int BYTES = 8 << 20;
    /** socat's way to SO_VM_SOCKETS_CONNECT_TIMEOUT: 60 seconds, for the kernel's 2 are short on an emulated processor. */
    private static final String PATIENT = ",setsockopt-listen=40:6:x3c" + "00".repeat(15);

    @TempDir
    Path directory;
    private Path path;
    private ExecutorService programs;

    @BeforeEach
    void open() {
        path = directory.resolve("v.sock");
        programs = Executors.newCachedThreadPool();
    }

    @AfterEach
    void close() {
        programs.shutdownNow();
    }

    private VmBuilder machine(String script) {
        return LinuxGuest.machine(LinuxGuest.bzImage()).drive(LinuxGuest.root())
                .vsock(42, path).bootArgs(LinuxGuest.arguments(script, "poweroff"));
    }

    private static byte[] random(int seed) {
        byte[] bytes = new byte[BYTES];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static String md5(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
    }

    private static void await(CapturedConsole console, String text) {
        try {
            assertTrue(console.awaitText(text, PATIENCE), () -> "no " + text + " in: " + console.text());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Connects to the guest's port; null when it is refused. */
    private SocketChannel connect(int port) throws IOException {
        SocketChannel program = SocketChannel.open(UnixDomainSocketAddress.of(path));
        write(program, ("CONNECT " + port + "\n").getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        ByteBuffer octet = ByteBuffer.allocate(1);
        while (answer.indexOf("\n") < 0) {
            if (program.read(octet.clear()) < 0) {
                program.close();
                return null;
            }
            answer.append((char) octet.get(0));
        }
        assertTrue(answer.toString().matches("OK 1\\d{9}\n"), () -> "answer: " + answer);
        return program;
    }

    private static void write(SocketChannel program, byte[] bytes) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
            program.write(rest);
        }
    }

    private static byte[] readToEnd(SocketChannel program) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(BYTES + 1);
        int n = 0;
        while (n >= 0 && all.hasRemaining()) {
            n = program.read(all);
        }
        return Arrays.copyOf(all.array(), all.position());
    }

    private interface Work<T> {
        T run() throws Exception;
    }

    private <T> CompletableFuture<T> start(Work<T> work) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return work.run();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, programs);
    }

    /** Sends all while the answer comes in, ends its way, and returns the answer. */
    private byte[] exchange(SocketChannel program, byte[] bytes) throws Exception {
        CompletableFuture<byte[]> answer = start(() -> readToEnd(program));
        write(program, bytes);
        program.shutdownOutput();
        return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void eightProgramsOfTheHostSendAndReceiveAtOnceAndWhatIsLeftUnreadCostsNothing() throws Exception {
        String script = """
                socat -b 65536 -t 200 VSOCK-LISTEN:52,fork EXEC:cat &
                socat VSOCK-LISTEN:54,fork EXEC:'sleep 1000' &
                socat -u -d -d VSOCK-LISTEN:53,fork OPEN:/tmp/said,creat,append 2>/tmp/log &
                until grep -q listening /tmp/log; do usleep 100000; done
                echo listening
                until grep -q first /tmp/said; do usleep 100000; done
                echo idle-begins; sleep 5; echo idle-ends
                until grep -q second /tmp/said; do usleep 100000; done""";
        LinuxGuest.Outcome outcome = LinuxGuest.boot(machine(script), console -> {
            await(console, "listening");
            try {
                hostPrograms(console);
            } catch (Exception e) {
                throw new AssertionError("the guest printed: " + console.text(), e);
            }
        });
        assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.exit().message());
    }

    private void hostPrograms(CapturedConsole console) throws Exception {
        assertEquals(null, connect(99), "nobody listens there");
        List<CompletableFuture<byte[]>> answers = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            byte[] bytes = random(i);
            SocketChannel program = connect(52);
            answers.add(start(() -> exchange(program, bytes)));
        }
        for (int i = 0; i < CONNECTIONS; i++) {
            assertArrayEquals(random(i), answers.get(i).get(PATIENCE.toSeconds(), TimeUnit.SECONDS), "connection " + i);
        }

        // One that the guest does not read from, and one whose program is gone.
        SocketChannel stuck = connect(54);
        stuck.configureBlocking(false);
        ByteBuffer chunk = ByteBuffer.allocate(1 << 16);
        SocketChannel dead = connect(54);
        write(dead, new byte[100_000]);
        dead.close();
        say("first");
        await(console, "idle-begins");
        int taken;
        do {
            taken = stuck.write(chunk.clear());
        } while (taken > 0);
        long idle = loopNanos();
        await(console, "idle-ends");
        long used = loopNanos() - idle;
        assertTrue(used < 500_000_000L, "the event loop used " + used / 1_000_000 + " ms of 5 s in which nothing happened");
        say("second");
        stuck.close();
    }

    /** Lets the guest's script go on. */
    private void say(String word) throws IOException {
        try (SocketChannel program = connect(53)) {
            write(program, (word + "\n").getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static long loopNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().equals("vm-events")) {
                return threads.getThreadCpuTime(thread.getThreadId());
            }
        }
        throw new AssertionError("no event loop runs");
    }

    @Test
    void eightProgramsOfTheGuestSendAndReceiveAtOnceAndOneIsRefused() throws Exception {
        String script = """
                socat - VSOCK-CONNECT:2:9 </dev/null 2>&1 | tail -n 1
                dd if=/dev/urandom of=/tmp/b bs=1M count=8 2>/dev/null
                md5sum </tmp/b
                for i in 1 2 3 4 5 6 7 8; do
                socat -b 65536 -t 200 - VSOCK-CONNECT:2:1234%s </tmp/b | md5sum &
                done
                wait""".formatted(PATIENT);
        List<String> digests = new ArrayList<>();
        LinuxGuest.Outcome outcome;
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path + "_1234"));
            CompletableFuture<Void> served = start(() -> {
                serve(server, digests);
                return null;
            });
            outcome = LinuxGuest.boot(machine(script), console -> { });
            served.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.exit().message());
        List<String> lines = outcome.answer().lines().toList();
        assertTrue(lines.get(0).contains("Connection reset by peer"), outcome.output());
        String digest = lines.get(1).split(" ")[0];
        assertEquals(CONNECTIONS, digests.stream().filter(digest::equals).count(), () -> digest + " is not " + digests);
        assertEquals(CONNECTIONS, lines.stream().skip(2).filter(line -> line.startsWith(digest)).count(), outcome.output());
    }

    /** Takes eight connections, and sends each what came, behind its end. */
    private void serve(ServerSocketChannel server, List<String> digests) throws Exception {
        List<CompletableFuture<String>> results = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            SocketChannel program = server.accept();
            results.add(start(() -> {
                try (program) {
                    byte[] bytes = readToEnd(program);
                    write(program, bytes);
                    return md5(bytes);
                }
            }));
        }
        for (CompletableFuture<String> result : results) {
            digests.add(result.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        }
    }
}
