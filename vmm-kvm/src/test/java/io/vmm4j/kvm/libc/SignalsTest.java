package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Signals to a process of their own: {@link SignalProcess}. */
@Timeout(60)
class SignalsTest {

    private Process process;
    private BufferedReader output;

    @TempDir
    private Path directory;

    /** One more of Java's options. */
    String option() {
        return "-XX:+UseSerialGC";
    }

    @BeforeEach
    void start() throws Exception {
        process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                option(), "-cp", System.getProperty("java.class.path"), SignalProcess.class.getName()).directory(directory.toFile()).redirectErrorStream(true).start();
        output = process.inputReader(StandardCharsets.UTF_8);
        assertEquals(SignalProcess.READY, output.readLine());
    }

    @AfterEach
    void end() throws Exception {
        process.destroyForcibly().waitFor();
    }

    private void send(int signal) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor());
    }

    @Test
    void quitIsHandedOverAndNoStacksArePrinted() throws Exception {
        for (int i = 0; i < 3; i++) {
            send(3);
            assertEquals(SignalProcess.QUIT, output.readLine());
        }
    }

    @Test
    void whoTakesNoMoreIsLetGo() throws Exception {
        process.getOutputStream().close();
        assertEquals(SignalProcess.CLOSED, output.readLine());
        assertEquals(0, process.waitFor());
    }

    @Test
    void signalsThatMeanNothingDoNothing() throws Exception {
        List<Integer> signals = IntStream.concat(IntStream.of(10, 12, 14, 16, 26, 27, 29, 30), IntStream.rangeClosed(32, 64)).boxed().toList();
        for (int signal : signals) {
            send(signal);
        }
        send(3);
        assertEquals(SignalProcess.QUIT, output.readLine(), "it lives");
    }

    @Test
    void theJdksToolsAreAnsweredAsEver() throws Exception {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        assumeTrue(Files.isExecutable(jcmd), "this Java has no jcmd");
        Process tool = new ProcessBuilder(jcmd.toString(), String.valueOf(process.pid()), "Thread.print").redirectErrorStream(true).start();
        String answer = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(tool.waitFor(30, TimeUnit.SECONDS) && answer.contains("Full thread dump"), answer);
        send(3);
        assertEquals(SignalProcess.QUIT, output.readLine(), "the tool's own signal was not handed over");
    }
}
