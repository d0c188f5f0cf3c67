package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.control.ControlServer;
import io.vmm4j.core.control.ControlTarget;
import io.vmm4j.core.control.SnapshotOrder;
import io.vmm4j.core.control.SnapshotProgress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code vmm snapshot} of a machine of the test's behind its socket. */
@Timeout(120)
class SnapshotCommandTest {

    private static final int SIGINT_STATUS = 130;

    @TempDir
    private Path directory;

    private final CompletableFuture<SnapshotOrder> order = new CompletableFuture<>();
    private final CountDownLatch givenUp = new CountDownLatch(1);
    private Consumer<SnapshotProgress> saves = progress -> progress.done("0123", null);
    private ControlServer server;

    @BeforeEach
    void open() throws IOException {
        server = ControlServer.open(directory.resolve("s"), new ControlTarget() {
            @Override
            public CompletableFuture<Void> resizeVcpus(int count) {
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public AutoCloseable snapshot(SnapshotOrder asked, SnapshotProgress progress) {
                order.complete(asked);
                Thread saver = new Thread(() -> saves.accept(progress));
                saver.setDaemon(true);
                saver.start();
                return givenUp::countDown;
            }
        });
    }

    @AfterEach
    void close() {
        server.close();
    }

    private String run(String words) {
        return print((words + " --api-sock-path " + directory.resolve("s")).split(" "));
    }

    private static String print(String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ExitCode status = new Cli("vmm", new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8)).run(words);
        return status.code() + "|" + out.toString(StandardCharsets.UTF_8) + "|" + err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theMachineIsAskedWithWholePathsAndAllThatWasSaid() {
        saves = progress -> {
            progress.saved(1 << 20, 2 << 20);
            progress.done("0123", null);
        };
        assertEquals("0||", run("snapshot some/where --diff-of before --replace --stop"));
        assertEquals(new SnapshotOrder(Path.of("some/where").toAbsolutePath(), Path.of("before").toAbsolutePath(), true, SnapshotOrder.Then.STOP),
                order.join());
    }

    @Test
    void nothingSaidMeansAllOfTheMemoryAndThatTheMachineGoesOn() {
        assertEquals("0||", run("snapshot ./info"));
        assertEquals(new SnapshotOrder(Path.of("./info").toAbsolutePath(), null, false, SnapshotOrder.Then.GO_ON), order.join());
    }

    @Test
    void whatThereIsToKnowIsALine() {
        saves = progress -> progress.done("0123", "mind the disk");
        assertEquals("0||vmm: " + directory.resolve("s") + ": mind the disk\n", run("snapshot out --pause"));
        assertEquals(SnapshotOrder.Then.PAUSE, order.join().then());
    }

    @Test
    void aRefusalHasTheStatusOfWrongWordsAndAFailureThatOfTheHost() {
        saves = progress -> progress.failed(true, "/out is there already");
        assertEquals("2||vmm: " + directory.resolve("s") + ": /out is there already\n", run("snapshot /out"));
        saves = progress -> progress.failed(true, "/before is no snapshot: it has no file state");
        assertEquals("2||vmm: " + directory.resolve("s") + ": /before is no snapshot: it has no file state (--diff-of)\n",
                run("snapshot /out --diff-of /before"));
        saves = progress -> progress.failed(false, "/out/memory cannot be written: No space left on device");
        assertEquals("1||vmm: " + directory.resolve("s") + ": /out/memory cannot be written: No space left on device\n", run("snapshot /out"));
    }

    @Test
    void aMachineWhoseProcessEndsMeanwhileIsALine() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        saves = progress -> asked.countDown();
        CompletableFuture<String> printed = CompletableFuture.supplyAsync(() -> run("snapshot out"));
        assertTrue(asked.await(60, TimeUnit.SECONDS));
        server.close();
        assertEquals("1||vmm: no machine answers at the socket " + directory.resolve("s")
                + ": it has closed the connection before the snapshot was saved\n", printed.join());
    }

    @Test
    void aMachineThatIsNotThereIsALine() {
        server.close();
        assertEquals("1||vmm: no machine answers at the socket " + directory.resolve("s") + ": it does not exist\n", run("snapshot out"));
    }

    @Test
    void aClientThatIsInterruptedLetsGoOfIt() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        saves = progress -> {
            asked.countDown();
            while (givenUp.getCount() > 0) {
                progress.saved(1 << 20, 2 << 20);
            }
        };
        Process client = new ProcessBuilder(List.of("env", "--default-signal=INT", Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xrs", "-cp", System.getProperty("java.class.path"), Main.class.getName(), "snapshot", "out", "--api-sock-path",
                directory.resolve("s").toString())).redirectError(directory.resolve("err").toFile()).start();
        assertTrue(asked.await(60, TimeUnit.SECONDS));
        assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(client.pid())).start().waitFor());
        assertEquals(SIGINT_STATUS, client.waitFor());
        assertEquals("vmm: the snapshot of machine " + directory.resolve("s") + " is given up, unless all of it was written; the machine goes on\n",
                Files.readString(directory.resolve("err")), "and no line of how far it is, where that is no terminal");
        assertTrue(givenUp.await(60, TimeUnit.SECONDS), "the machine has seen that nobody waits");
    }

    @Test
    void howFarItIsIsOneLineThatIsWrittenAgainAndThenTakenAway() {
        ByteArrayOutputStream terminal = new ByteArrayOutputStream();
        try (ProgressLine line = ProgressLine.on(new PrintStream(terminal, true, StandardCharsets.UTF_8), "saving")) {
            line.show(32 << 20, 128 << 20);
            line.show(64 << 20, 128 << 20);
        }
        assertEquals("\r\u001b[Ksaving 25 % of 128 MiB\r\u001b[K", terminal.toString(StandardCharsets.UTF_8), "and not so often that it flickers");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "snapshot|a directory is missing: snapshot DIR NAME",
        "snapshot out|a machine is missing: snapshot DIR NAME, or --api-sock-path PATH",
        "snapshot out a b|unexpected argument \"b\"",
        "snapshot out web --api-sock-path /s|a machine is meant by its name or by its socket: give \"web\" or --api-sock-path",
        "snapshot web /some/where|machine name \"/some/where\" does not begin with a letter or a digit: the directory comes first, snapshot DIR NAME",
        "snapshot out web --pause --stop|give --pause or --stop",
        "snapshot out web --json|option --json does not go with the command snapshot",
        "snapshot out web --only-named|option --only-named does not go with the command snapshot",
        "pause web --replace|option --replace does not go with the command pause",
    })
    void whatCannotBeIsOneLineAndStatusTwo(String words, String line) {
        String printed = print(words.split(" "));
        assertTrue(printed.startsWith("2||vmm: " + line + "\n"), printed);
    }
}
