package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sockets of a process that has no descriptor left for a while. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DescriptorShortageTest {

    @TempDir
    private Path directory;

    private Process process;
    private BufferedReader said;

    @BeforeEach
    void start() throws Exception {
        process = new ProcessBuilder("sh", "-c", "ulimit -n 100 && exec \"$0\" \"$@\"", Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), ShortageProcess.class.getName(), directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        said = process.inputReader(StandardCharsets.US_ASCII);
        readMillis();
        // Classes are loaded from files.
        try (SocketChannel console = connect("console", "zero"); SocketChannel vsock = connect("vsock", "CONNECT 1\n")) {
            assertEquals("zero", read(console, 4));
            assertEquals("", read(vsock, 5));
            askControl();
        }
    }

    /** Served, and its connection closed: the descriptor of one that is closed later would be the one that another service lacks. */
    private void askControl() throws Exception {
        long before = sockets();
        new ControlClient(directory.resolve("control"), Duration.ofSeconds(20)).resizeVcpus(1);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (sockets() > before && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        assertEquals(before, sockets());
    }

    /** The control socket, and its connections at the server's end. */
    private long sockets() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/net/unix"))) {
            return lines.filter(line -> line.contains(directory + "/") && line.contains("control")).count();
        }
    }

    @AfterEach
    void end() {
        process.destroyForcibly();
    }

    private long readMillis() throws IOException {
        String line = said.readLine();
        while (line != null && !line.matches("\\d+")) {
            line = said.readLine(); // of the logger
        }
        return Long.parseLong(line);
    }

    /** Takes all descriptors of the process, or gives them back; returns the processor time it has had. */
    private long turn() throws IOException {
        process.getOutputStream().write('t');
        process.getOutputStream().flush();
        return readMillis();
    }

    private SocketChannel connect(String name, String first) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(directory.resolve(name)));
        channel.write(ByteBuffer.wrap(first.getBytes(StandardCharsets.US_ASCII)));
        return channel;
    }

    /** Reads so many bytes, or up to the end. */
    private static String read(SocketChannel channel, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count);
        int n = 0;
        while (buffer.hasRemaining() && n >= 0) {
            n = channel.read(buffer);
        }
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
    }

    @Test
    void allServicesOutliveTheShortageAndCostNothingMeanwhile() throws Exception {
        long before = turn();
        try (var files = Files.list(directory)) {
            assertEquals(3, files.count(), "what could not be made leaves nothing, and what has ended is removed");
        }
        ControlClient impatient = new ControlClient(directory.resolve("control"), Duration.ofSeconds(1));
        assertTrue(assertThrows(IOException.class, () -> impatient.resizeVcpus(1)).getMessage().contains("no answer came"));
        try (SocketChannel console = connect("console", "typed"); SocketChannel vsock = connect("vsock", "CONNECT 1\n")) {
            askForASecond(impatient);
            long used = turn() - before;
            assertTrue(used < 600, () -> "milliseconds of processor time in two seconds without descriptors: " + used);
            new ControlClient(directory.resolve("control"), Duration.ofSeconds(20)).resizeVcpus(1);
            assertEquals("typed", read(console, 5), "who came meanwhile is served");
            assertEquals("", read(vsock, 5), "and told that nobody listens");
        }
    }

    /** Answered only where the console has let go of the client that it had: the kernel gives who waits in accept(2) a descriptor beforehand. */
    private static void askForASecond(ControlClient impatient) throws VcpuResizeException {
        try {
            impatient.resizeVcpus(1);
        } catch (IOException e) {
            assertTrue(e.getMessage().contains("no answer came"), e.getMessage());
        }
    }

    @Test
    void whoIsThereAlreadyIsServedWithoutAnyDescriptorMore() throws Exception {
        try (SocketChannel console = connect("console", "one"); SocketChannel control = connect("control", "{\"action\": ")) {
            assertEquals("one", read(console, 3));
            askControl(); // clients are taken in order, so the one before has been taken
            turn();
            console.write(ByteBuffer.wrap("two".getBytes(StandardCharsets.US_ASCII)));
            assertEquals("two", read(console, 3));
            control.write(ByteBuffer.wrap("\"resize_vcpu\", \"vcpu_count\": 1}\n".getBytes(StandardCharsets.US_ASCII)));
            assertEquals("{\"result\":\"done\"}\n", read(control, 18));
        }
    }
}
