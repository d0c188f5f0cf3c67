package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.control.ControlServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C while a machine changes. */
@Timeout(120)
class InterruptedUpdateTest {

    private static final int SIGINT_STATUS = 130;

    @TempDir
    private Path directory;

    @Test
    void aLineSaysThatTheMachineGoesOnWithTheChange() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        Path socket = directory.resolve("s");
        try (ControlServer server = ControlServer.open(socket, count -> {
            asked.countDown();
            return new CompletableFuture<>();
        })) {
            // A shell's children in the background ignore the signal, and theirs do.
            Process update = new ProcessBuilder(List.of("env", "--default-signal=INT",
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xrs", "-cp",
                    System.getProperty("java.class.path"), Main.class.getName(), "update", "--api-sock-path", socket.toString(), "--vcpu-resize", "2"))
                    .redirectError(directory.resolve("err").toFile()).start();
            assertTrue(asked.await(60, TimeUnit.SECONDS), "the machine was asked");
            assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(update.pid())).start().waitFor());
            assertEquals(SIGINT_STATUS, update.waitFor());
            assertEquals("vmm: machine " + socket + " goes on with the change it was asked for; nobody waits for it any more\n",
                    Files.readString(directory.resolve("err")));
        }
    }
}
