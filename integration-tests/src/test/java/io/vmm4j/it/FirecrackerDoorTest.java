package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The built program as Firecracker: its socket, log, metrics and exit codes, with a guest of a few bytes. */
@Tag("kvm")
class FirecrackerDoorTest {

    private static final long PATIENCE_SECONDS = 120;

    @TempDir
    Path directory;

    private Process start(String... flags) throws IOException {
        List<String> words = LinuxGuest.program("firecracker");
        words.addAll(List.of(flags));
        return new ProcessBuilder(words).redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
    }

    private static int end(Process process) throws InterruptedException {
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "the program has not ended");
        return process.exitValue();
    }

    private String out() throws IOException {
        return Files.readString(directory.resolve("out"));
    }

    /** Connects once there is somebody who listens. */
    private static SocketChannel connect(Path socket, Process process) throws IOException {
        while (true) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                return channel;
            } catch (IOException e) {
                channel.close();
                if (!process.isAlive()) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
    }

    private static String put(SocketChannel channel, String path, String body) throws IOException {
        String request = "PUT " + path + " HTTP/1.1\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
        channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
        ByteBuffer answer = ByteBuffer.allocate(4096);
        channel.read(answer);
        return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }

    private Path kernel(TinyKernel kernel) throws IOException {
        return kernel.writeTo(directory.resolve("kernel"));
    }

    @Test
    void aGuestIsStartedByTheSocketAndItsResetEndsTheProcessInOrder() throws Exception {
        Path kernel = kernel(new TinyKernel().print("HELLO").out(0x64, 0xFE).spin());
        Path socket = directory.resolve("fc.sock");
        Path log = directory.resolve("log");
        Path metrics = directory.resolve("metrics");
        Process process = start("--api-sock", socket.toString(), "--id", "web-1", "--log-path", log.toString(), "--show-level");
        try (SocketChannel channel = connect(socket, process)) {
            assertTrue(put(channel, "/metrics", "{\"metrics_path\": \"" + metrics + "\"}").startsWith("HTTP/1.1 204"));
            assertTrue(put(channel, "/boot-source", "{\"kernel_image_path\": \"" + kernel + "\"}").startsWith("HTTP/1.1 204"));
            assertTrue(put(channel, "/actions", "{\"action_type\": \"InstanceStart\"}").startsWith("HTTP/1.1 204"));
            assertEquals(0, end(process), this::outUnchecked);
        } finally {
            process.destroyForcibly();
        }
        assertTrue(out().contains("HELLO"), this::outUnchecked);
        assertTrue(Files.exists(socket), "clients remove the socket's file, and fail where it is gone already");
        List<String> logged = Files.readAllLines(log);
        assertTrue(logged.get(0).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9} \\[web-1:main:INFO] Running Firecracker v1\\..*"), logged::toString);
        assertTrue(logged.get(logged.size() - 1).endsWith("Firecracker exiting successfully. exit_code=0"), logged::toString);
        List<String> lines = Files.readAllLines(metrics);
        assertTrue(lines.size() >= 2, lines::toString);
        assertTrue(lines.stream().anyMatch(line -> line.contains("\"reset_count\":1")), lines::toString);
        assertTrue(lines.get(0).startsWith("{\"utc_timestamp_ms\":"), lines::toString);
    }

    @Test
    void aConfigurationFileStartsAMachineWithoutAnApi() throws Exception {
        Path kernel = kernel(new TinyKernel().print("HELLO").out(0x64, 0xFE).spin());
        Path config = Files.writeString(directory.resolve("config"), "{\"boot-source\": {\"kernel_image_path\": \"" + kernel + "\"}, \"drives\": []}");
        assertEquals(0, end(start("--no-api", "--config-file", config.toString())), this::outUnchecked);
        assertTrue(out().contains("HELLO"), this::outUnchecked);
        assertTrue(out().contains("Successfully started microvm that was configured from one single json"), this::outUnchecked);
    }

    @Test
    void aBootTimerHasTheTimeThatTheGuestTookLogged() throws Exception {
        int timer = 0xC0000000;
        Path kernel = kernel(new TinyKernel().enteredByPvh().store(timer, 122).store(timer + 1, 123).store(timer, 123).reset());
        Path config = Files.writeString(directory.resolve("config"), "{\"boot-source\": {\"kernel_image_path\": \"" + kernel + "\"}, \"drives\": []}");
        assertEquals(0, end(start("--no-api", "--config-file", config.toString(), "--boot-timer")), this::outUnchecked);
        List<String> times = out().lines().filter(line -> line.contains("Guest-boot-time")).toList();
        assertEquals(1, times.size(), this::outUnchecked);
        assertTrue(times.get(0).matches(".*\\[anonymous-instance:.*] Guest-boot-time = +[1-9]\\d* us \\d+ ms, +[1-9]\\d* CPU us \\d+ CPU ms"), times::toString);
    }

    @Test
    void theStartIsCountedFromWhatTheFlagsSay() throws Exception {
        Path kernel = kernel(new TinyKernel().print("HELLO").reset());
        Path metrics = directory.resolve("metrics");
        Path config = Files.writeString(directory.resolve("config"), "{\"boot-source\": {\"kernel_image_path\": \"" + kernel + "\"}, \"drives\": []}");
        // The same clock in all processes of a host.
        long begin = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
        assertEquals(0, end(start("--api-sock", directory.resolve("fc.sock").toString(), "--config-file", config.toString(), "--metrics-path",
                metrics.toString(), "--start-time-us", Long.toString(begin), "--start-time-cpu-us", "0", "--parent-cpu-time-us", "1000000")), this::outUnchecked);
        long most = TimeUnit.NANOSECONDS.toMicros(System.nanoTime()) - begin;
        Matcher told = Pattern.compile("\"process_startup_time_us\":(\\d+),\"process_startup_time_cpu_us\":(\\d+)").matcher(Files.readString(metrics));
        assertTrue(told.find(), "the first line tells both");
        long startMicros = Long.parseLong(told.group(1));
        assertTrue(0 < startMicros && startMicros <= most, startMicros + " us of " + most);
        assertTrue(Long.parseLong(told.group(2)) > 1_000_000, told.group());
    }

    @Test
    void aGuestThatBootsWithoutEndDoesNotFillTheLog() throws Exception {
        // Back to the store, 8 bytes and the jump's own two.
        Path kernel = kernel(new TinyKernel().enteredByPvh().store(0xC0000000, 123).bytes(0xEB, 0xF6));
        Path socket = directory.resolve("fc.sock");
        Path metrics = directory.resolve("metrics");
        Path config = Files.writeString(directory.resolve("config"), "{\"boot-source\": {\"kernel_image_path\": \"" + kernel + "\"}, \"drives\": []}");
        Process process = start("--api-sock", socket.toString(), "--config-file", config.toString(), "--metrics-path", metrics.toString(), "--boot-timer");
        try (SocketChannel channel = connect(socket, process)) {
            long limited = 0;
            while (limited == 0) {
                assertTrue(put(channel, "/actions", "{\"action_type\": \"FlushMetrics\"}").startsWith("HTTP/1.1 204"));
                limited = Files.readString(metrics).lines().filter(line -> !line.contains("\"rate_limited_log_count\":0}")).count();
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        long times = out().lines().filter(line -> line.contains("Guest-boot-time")).count();
        assertTrue(times >= 10, this::outUnchecked);
    }

    @Test
    void aHangUpHasFirecrackersExitCodeAndLeavesMetrics() throws Exception {
        Path kernel = kernel(new TinyKernel().print("HELLO").spin());
        Path metrics = directory.resolve("metrics");
        Path socket = directory.resolve("fc.sock");
        Path config = Files.writeString(directory.resolve("config"), "{\"boot-source\": {\"kernel_image_path\": \"" + kernel + "\"}, \"drives\": []}");
        Process process = start("--api-sock", socket.toString(), "--config-file", config.toString(), "--metrics-path", metrics.toString());
        try (SocketChannel channel = connect(socket, process)) {
            assertTrue(put(channel, "/actions", "{\"action_type\": \"FlushMetrics\"}").startsWith("HTTP/1.1 204"));
            assertEquals(0, new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor());
            assertEquals(156, end(process), this::outUnchecked);
        } finally {
            process.destroyForcibly();
        }
        assertTrue(out().contains("Shutting down VM after intercepting signal 1, code 0."), this::outUnchecked);
        List<String> lines = Files.readAllLines(metrics);
        assertTrue(lines.get(lines.size() - 1).contains("\"sighup\":1"), lines::toString);
    }

    /** By its name a client knows the process again, and by the signal that it is the one that it has ended. */
    @Test
    void theProcessIsCalledFirecrackerAndEndsByTheSignalItIsSent() throws Exception {
        Path kernel = kernel(new TinyKernel().print("HELLO").spin());
        Path metrics = directory.resolve("metrics");
        Path config = Files.writeString(directory.resolve("config"), "{\"boot-source\": {\"kernel_image_path\": \"" + kernel + "\"}, \"drives\": []}");
        List<String> program = LinuxGuest.program("firecracker", "--no-api", "--config-file", config.toString(), "--metrics-path", metrics.toString());
        // Where a signal has ended what bash runs, it says so.
        String script = "(until grep -q HELLO out; do sleep 0.1; done; cat /proc/$(cat pid)/comm >name; kill -TERM $(cat pid)) & "
                + "sh -c 'echo $$ >pid; exec \"$@\"' sh \"$@\"; echo status $?";
        List<String> words = new ArrayList<>(List.of("bash", "-c", script, "bash"));
        words.addAll(program);
        Process shell = new ProcessBuilder(words).directory(directory.toFile()).redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
        assertEquals(0, end(shell), this::outUnchecked);
        assertEquals("firecracker\n", Files.readString(directory.resolve("name")));
        assertTrue(out().contains("Shutting down VM after intercepting signal 15, code 0."), this::outUnchecked);
        assertTrue(out().contains("Terminated") && out().contains("status 143\n"), this::outUnchecked);
        assertTrue(Files.size(metrics) > 0, "the metrics were written");
    }

    @Test
    void withoutTheDoorNothingOfItIsLoaded() throws Exception {
        Path kernel = kernel(new TinyKernel().print("HELLO").reset());
        Path loaded = directory.resolve("loaded");
        ProcessBuilder vmm = new ProcessBuilder(LinuxGuest.program("--kernel-path", kernel.toString(), "--initrd-path", kernel.toString(),
                "--log-file", directory.resolve("log").toString()))
                .redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile());
        vmm.environment().put("VMM_JAVA_OPTS", "-Xlog:class+load:file=" + loaded);
        assertEquals(0, end(vmm.start()), this::outUnchecked);
        List<String> classes = Files.readAllLines(loaded);
        assertTrue(classes.stream().anyMatch(line -> line.contains("io.vmm4j.core.Vm ")), "the list is one of classes");
        assertEquals(List.of(), classes.stream().filter(line -> line.matches(".*(io\\.vmm4j\\.api|org\\.apache\\.hc|io\\.vmm4j\\.cli\\.firecracker)\\..*"))
                .toList());
    }

    @Test
    void aWrongFlagEndsWithFirecrackersExitCode() throws Exception {
        assertEquals(153, end(start("--enable-pci")));
        assertTrue(out().contains("Error: Arguments parsing error: devices on PCI are not there yet (--enable-pci)"), this::outUnchecked);
        assertEquals(153, end(start("--bogus")));
        assertTrue(out().contains("Found argument 'bogus' which wasn't expected, or isn't valid in this context. \n\nFor more information try --help.\n"),
                this::outUnchecked);
        assertTrue(out().contains("Error: ParseArguments(UnexpectedArgument(\"bogus\"))\n"), this::outUnchecked);
        assertEquals(1, end(start("--api-sock", directory.resolve("none/s").toString())));
        assertTrue(out().contains("] RunWithApiError error: Failed to bind and run the HTTP server: IO error: No such file or directory (os error 2)\n"),
                this::outUnchecked);
        assertTrue(out().contains("Error: RunWithApi(FailedToBindAndRunHttpServer(IOError(Os { code: 2, kind: NotFound, "
                + "message: \"No such file or directory\" })))\n"), this::outUnchecked);
        assertEquals(152, end(start("--level", "loud")));
        assertEquals(0, end(start("--version")));
        assertTrue(out().startsWith("Firecracker v1."), this::outUnchecked);
    }

    @Test
    void aConfigurationFileThatIsNoneLeavesTheSocketBehindAndSaysWhere() throws Exception {
        Path socket = directory.resolve("api.sock");
        Path file = Files.writeString(directory.resolve("machine.json"), "{}");
        assertEquals(1, end(start("--api-sock", socket.toString(), "--config-file", file.toString())));
        assertTrue(out().contains("] RunWithApiError error: Failed to build MicroVM from Json: Configuration for VMM from one single json failed: "
                + "Invalid JSON: missing field `drives` at line 1 column 2\n"), this::outUnchecked);
        assertTrue(Files.exists(socket), "its clients remove it");
        assertEquals(1, end(start("--no-api", "--config-file", directory.resolve("none").toString())));
        assertTrue(out().contains("Unable to open or read from the configuration file: Os { code: 2, kind: NotFound, message: "
                + "\"No such file or directory\" }"), this::outUnchecked);
    }

    @Test
    void aBrokenPipeIsCountedAndLogged() throws Exception {
        Path socket = directory.resolve("api.sock");
        Path metrics = directory.resolve("metrics");
        Process process = start("--api-sock", socket.toString(), "--metrics-path", metrics.toString());
        connect(socket, process).close();
        assertEquals(0, new ProcessBuilder("kill", "-PIPE", Long.toString(process.pid())).start().waitFor());
        while (!out().contains("Received signal 13, code 0.")) {
            assertTrue(process.isAlive(), this::outUnchecked);
            Thread.onSpinWait();
        }
        process.destroy();
        end(process);
        assertTrue(Files.readString(metrics).contains("\"sigpipe\":1"), "it is counted");
    }

    private String outUnchecked() {
        try {
            return out();
        } catch (IOException e) {
            return e.toString();
        }
    }
}
