package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ControlActionsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** A machine of the test's: records what it is asked. */
    private static final class Target implements ControlTarget {
        private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
        private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
        private final List<Runnable> ends = new CopyOnWriteArrayList<>();
        private final BlockingQueue<String> left = new LinkedBlockingQueue<>();
        private final CompletableFuture<VmExit> exit = new CompletableFuture<>();
        private CountDownLatch mayPause = new CountDownLatch(0);

        @Override
        public CompletableFuture<Void> resizeVcpus(int count) {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public MachineInfo info() {
            return new MachineInfo("web", 4711, "running", 2, 4, 512, 1500, "vmlinux", null, false, "/run/vmm4j/web.log");
        }

        @Override
        public void pause() {
            asked.add("pause");
            try {
                mayPause.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void resume() {
            throw new IllegalStateException("a machine that is STOPPED cannot be resumed");
        }

        @Override
        public CompletableFuture<VmExit> stop(Duration atMost) {
            asked.add("stop " + atMost.toMillis());
            return exit;
        }

        @Override
        public CompletableFuture<VmExit> kill() {
            throw new NullPointerException();
        }

        @Override
        public void resizeConsole(int columns, int rows) {
            asked.add(columns + "x" + rows);
        }

        @Override
        public AutoCloseable listen(Consumer<String> lines, Runnable end) {
            listeners.add(lines);
            ends.add(end);
            asked.add("listen");
            return () -> {
                listeners.remove(lines);
                left.add("left");
            };
        }
    }

    @TempDir
    private Path directory;

    private final Target target = new Target();
    private ControlServer server;

    @BeforeEach
    void open() throws IOException {
        server = ControlServer.open(path(), target);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Path path() {
        return directory.resolve("s");
    }

    private ControlClient client() {
        return new ControlClient(path(), PATIENCE);
    }

    private SocketChannel ask(String request) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(path()));
        channel.write(ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8)));
        return channel;
    }

    private static String readLine(SocketChannel channel) throws IOException {
        StringBuilder text = new StringBuilder();
        ByteBuffer octet = ByteBuffer.allocate(1);
        while (channel.read(octet.clear()) > 0 && octet.get(0) != '\n') {
            text.append((char) octet.get(0));
        }
        return text.length() == 0 ? null : text.toString();
    }

    private String answer(String request) throws IOException {
        try (SocketChannel channel = ask(request)) {
            return readLine(channel);
        }
    }

    @Test
    void informationComesBackAsItWasGiven() throws Exception {
        assertEquals(target.info(), client().info());
        assertEquals("{\"result\":\"done\",\"value\":{\"name\":\"web\",\"pid\":4711,\"state\":\"running\",\"vcpu_count\":2,\"max_vcpu_count\":4,"
                + "\"mem_size_mib\":512,\"uptime_ms\":1500,\"kernel_image_path\":\"vmlinux\",\"console_has_window\":false,"
                + "\"log_path\":\"/run/vmm4j/web.log\"}}", answer("{\"action\": \"info\"}"));
    }

    @Test
    void whatTheMachineRefusesOrLacksOrFailsAtIsAnAnswer() throws Exception {
        assertEquals("a machine that is STOPPED cannot be resumed", assertThrows(ControlRefusedException.class, () -> client().resume()).getMessage());
        assertEquals("this machine has no count of what it does to be had by its socket",
                assertThrows(ControlRefusedException.class, () -> client().stats()).getMessage());
        assertEquals("{\"result\":\"failed\",\"message\":\"java.lang.NullPointerException\"}", answer("{\"action\": \"kill\"}"));
        assertEquals("running", client().info().state());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"action\":\"stop\"}|timeout_ms must be a whole number in 0..3600000, and is missing",
        "{\"action\":\"stop\",\"timeout_ms\":3600001}|timeout_ms must be a whole number in 0..3600000, and is 3600001",
        "{\"action\":\"stop\",\"timeout_ms\":-1}|timeout_ms must be a whole number in 0..3600000, and is -1",
        "{\"action\":\"stop\",\"timeout_ms\":1.5}|timeout_ms must be a whole number in 0..3600000, and is 1.5",
        "{\"action\":\"resize_console\",\"columns\":80}|rows must be a whole number in 1..65535, and is missing",
        "{\"action\":\"resize_console\",\"columns\":0,\"rows\":1}|columns must be a whole number in 1..65535, and is 0",
    })
    void aNumberThatCannotBeIsRefusedWithItsBounds(String request, String message) throws Exception {
        assertEquals("{\"result\":\"refused\",\"message\":\"" + message + "\"}", answer(request));
        assertNull(target.asked.poll());
    }

    @Test
    void stopSaysWhetherTheGuestObeyed() throws Exception {
        CompletableFuture<ControlClient.End> end = CompletableFuture.supplyAsync(() -> {
            try {
                return client().stop(Duration.ofSeconds(3));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertEquals("stop 3000", target.asked.poll(20, TimeUnit.SECONDS));
        target.exit.complete(new VmExit(VmExitReason.POWEROFF, "the guest powered off"));
        assertEquals(new ControlClient.End(true, "the guest powered off"), end.get(20, TimeUnit.SECONDS));
        assertEquals(new ControlClient.End(true, "the guest powered off"), client().stop(Duration.ZERO));
    }

    @Test
    void aPauseThatTakesItsTimeKeepsNobodyElseWaiting() throws Exception {
        target.mayPause = new CountDownLatch(1);
        try (SocketChannel slow = ask("{\"action\": \"pause\"}")) {
            assertEquals("pause", target.asked.poll(20, TimeUnit.SECONDS));
            assertEquals("web", client().info().name());
            target.mayPause.countDown();
            assertEquals("{\"result\":\"done\"}", readLine(slow));
        }
    }

    @Test
    void whoListensIsToldUntilTheEnd() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> listening = CompletableFuture.runAsync(() -> {
            try {
                client().listen(heard::add);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertEquals("listen", target.asked.poll(20, TimeUnit.SECONDS));
        for (int i = 0; i < 1000; i++) {
            target.listeners.get(0).accept("{\"event\":" + i + "}");
        }
        target.ends.get(0).run();
        listening.get(20, TimeUnit.SECONDS);
        assertEquals(1000, heard.size());
        assertEquals("{\"event\":999}", heard.get(999));
        assertEquals("left", target.left.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void oneThatListensAndDoesNotReadHoldsUpItsOwnNewsOnly() throws Exception {
        try (SocketChannel deaf = ask("{\"action\": \"events\"}")) {
            assertEquals("{\"result\":\"done\"}", readLine(deaf));
            Consumer<String> listener = target.listeners.get(0);
            CompletableFuture<Void> told = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 5000; i++) {
                    listener.accept("{\"event\":\"" + "x".repeat(1000) + "\"}");
                }
            });
            assertEquals("web", client().info().name());
            assertFalse(told.isDone());
            deaf.close();
            told.get(20, TimeUnit.SECONDS);
        }
        assertEquals("left", target.left.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void listenersHaveABoundAndTakeNobodyElsesRoom() throws Exception {
        List<SocketChannel> listening = new ArrayList<>();
        try {
            for (int i = 0; i < ControlServer.STREAMS_MAX; i++) {
                SocketChannel channel = ask("{\"action\": \"events\"}");
                listening.add(channel);
                assertEquals("{\"result\":\"done\"}", readLine(channel));
            }
            assertEquals("{\"result\":\"refused\",\"message\":\"8 other clients are listening\"}", answer("{\"action\": \"events\"}"));
            assertEquals("{\"result\":\"failed\",\"message\":\"8 other clients are listening\"}",
                    answer("{\"action\": \"snapshot\", \"directory\": \"/none\"}"), "before anything is begun, and no mistake of the request");
            assertEquals("web", client().info().name());
            listening.remove(0).close();
            SocketChannel next = ask("{\"action\": \"events\"}");
            listening.add(next);
            assertEquals("{\"result\":\"done\"}", readLine(next), "one that has left makes room");
        } finally {
            for (SocketChannel channel : listening) {
                channel.close();
            }
        }
    }

    @Test
    void oneThatSendsNoMoreStillListens() throws Exception {
        try (SocketChannel channel = ask("{\"action\": \"events\"}")) {
            channel.shutdownOutput();
            assertEquals("{\"result\":\"done\"}", readLine(channel));
            target.listeners.get(0).accept("{\"event\":1}");
            assertEquals("{\"event\":1}", readLine(channel));
        }
    }

    @Test
    void aServerThatEndsPassesOnTheLastNews() throws Exception {
        try (SocketChannel channel = ask("{\"action\": \"events\"}")) {
            assertEquals("{\"result\":\"done\"}", readLine(channel));
            CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
            target.listeners.get(0).accept("{\"event\":\"ended\"}");
            target.ends.get(0).run();
            assertEquals("{\"event\":\"ended\"}", readLine(channel));
            assertNull(readLine(channel));
            closing.get(20, TimeUnit.SECONDS);
        }
        assertFalse(Files.exists(path()));
    }

    @Test
    void nobodyThereIsAnErrorOfItsOwn() throws Exception {
        server.close();
        assertTrue(assertThrows(NoMachineException.class, () -> client().info()).getMessage().endsWith(": it does not exist"));
        assertThrows(NoMachineException.class, () -> client().listen(line -> { }));
    }
}
