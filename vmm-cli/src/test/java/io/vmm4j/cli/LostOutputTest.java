package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.vmm4j.core.console.SerialPort;
import io.vmm4j.core.control.ControlServer;
import io.vmm4j.core.control.ControlTarget;
import io.vmm4j.core.control.MachineInfo;
import io.vmm4j.core.host.SocketConsole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands whose standard output cannot be written to, or has no reader any more. */
@Timeout(120)
class LostOutputTest {

    private static final String FULL = "vmm: standard output cannot be written to\n";

    @TempDir
    private Path directory;

    private final BlockingQueue<Consumer<String>> listeners = new LinkedBlockingQueue<>();
    private SocketConsole console;
    private ControlServer server;

    @BeforeEach
    void open() throws IOException {
        Path place = directory.resolve("console");
        console = new SocketConsole(place);
        console.attach(new SerialPort() {
            @Override
            public void send(byte[] data, int offset, int length) {
                // Nobody's.
            }

            @Override
            public void outputReady() {
                // There is always room for a few bytes.
            }

            @Override
            public void requestStop(String why) {
                // Nobody asks.
            }
        });
        server = ControlServer.open(directory.resolve("s"), new ControlTarget() {
            @Override
            public CompletableFuture<Void> resizeVcpus(int count) {
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public MachineInfo info() {
                return new MachineInfo("web", 4711, "running", 2, 4, 512, 1500, null, place.toString(), false, null);
            }

            @Override
            public AutoCloseable listen(Consumer<String> lines, Runnable end) {
                listeners.add(lines);
                return () -> { };
            }
        });
    }

    @AfterEach
    void close() {
        server.close();
        console.close();
    }

    /** What a shell does with {@code command}, in which {@code $vmm} is the program and {@code $at} says which machine. */
    private Process shell(String command) throws IOException {
        String vmm = "'" + Path.of(System.getProperty("java.home"), "bin", "java") + "' -cp '" + System.getProperty("java.class.path") + "' "
                + Main.class.getName();
        List<String> words = List.of("sh", "-c", command.replace("$vmm", vmm).replace("$at", "--api-sock-path '" + directory.resolve("s") + "'"));
        ProcessBuilder builder = new ProcessBuilder(words).redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(directory.resolve("out").toFile()).redirectError(directory.resolve("err").toFile());
        builder.environment().put("XDG_RUNTIME_DIR", directory.toString());
        return builder.start();
    }

    /** The output and the errors. */
    private String came(Process process) throws IOException, InterruptedException {
        process.waitFor();
        return Files.readString(directory.resolve("out")) + "|" + Files.readString(directory.resolve("err"));
    }

    private Consumer<String> listener() throws InterruptedException {
        Consumer<String> listener = listeners.poll(60, TimeUnit.SECONDS);
        assertNotNull(listener, "somebody listens");
        return listener;
    }

    @Test
    void eventsEndAtTheFirstLineThatCannotBeWritten() throws Exception {
        Process process = shell("$vmm events $at >/dev/full; echo status $?");
        listener().accept("{}");
        assertEquals("status 1\n|" + FULL, came(process));
    }

    @Test
    void eventsEndWithoutAWordWhenTheReaderIsGoneAlthoughNothingHappens() throws Exception {
        Process process = shell("{ { $vmm events $at; echo status $? >&3; } | true; } 3>&1");
        assertEquals("status 1\n|", came(process));
    }

    @Test
    void aConsoleEndsWhenTheReaderIsGoneAlthoughNothingIsPrinted() throws Exception {
        assertEquals("status 1\n|", came(shell("{ { $vmm console $at; echo status $? >&3; } | true; } 3>&1")));
    }

    @Test
    void aConsoleEndsAtTheFirstByteThatCannotBeWritten() throws Exception {
        console.output().write('x');
        assertEquals("status 1\n|" + FULL, came(shell("$vmm console $at >/dev/full; echo status $?")));
    }

    @Test
    void aCommandEndsWithoutAWordWhenTheReaderIsGone() throws Exception {
        for (String words : List.of("--help", "ps", "info $at", "--version")) {
            assertEquals("status 1\n|", came(shell("{ { $vmm " + words + "; echo status $? >&3; } | true; } 3>&1")), words);
        }
    }

    @Test
    void aCommandWhoseOutputFindsNoRoomSaysSo() throws Exception {
        for (String words : List.of("--help", "ps", "info $at", "--version")) {
            assertEquals("status 1\n|" + FULL, came(shell("$vmm " + words + " >/dev/full; echo status $?")), words);
        }
    }
}
