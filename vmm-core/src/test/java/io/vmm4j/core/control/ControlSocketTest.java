package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ControlSocketTest {

    @TempDir
    private Path directory;

    private final List<Integer> asked = new CopyOnWriteArrayList<>();
    private CompletableFuture<Void> outcome = CompletableFuture.completedFuture(null);

    private Path path() {
        return directory.resolve("control");
    }

    private ControlServer server() throws IOException {
        return ControlServer.open(path(), count -> {
            asked.add(count);
            if (count > 4) {
                throw new IllegalArgumentException("vcpu count " + count + " is not in 1..4");
            }
            return outcome;
        });
    }

    private ControlClient client() {
        return new ControlClient(path(), Duration.ofSeconds(20));
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(path()));
        return channel;
    }

    private String answerTo(String request, boolean endsInput) throws IOException {
        try (SocketChannel channel = connect()) {
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            if (endsInput) {
                channel.shutdownOutput();
            }
            return ControlMessage.receive(channel, 20_000);
        }
    }

    @Test
    void aRequestIsCarriedOutAndAnswered() throws Exception {
        try (ControlServer server = server()) {
            client().resizeVcpus(3);
            assertEquals(List.of(3), asked);
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
        }
        assertFalse(Files.exists(path()), "the socket goes with the machine");
    }

    @Test
    void refusalAndFailureReachTheClientInWords() throws Exception {
        try (ControlServer server = server()) {
            assertEquals("vcpu count 5 is not in 1..4",
                    assertThrows(IllegalArgumentException.class, () -> client().resizeVcpus(5)).getMessage());
            outcome = CompletableFuture.failedFuture(new VcpuResizeException("the guest sleeps"));
            assertEquals("the guest sleeps", assertThrows(VcpuResizeException.class, () -> client().resizeVcpus(2)).getMessage());
            outcome = CompletableFuture.completedFuture(null);
            client().resizeVcpus(2);
        }
    }

    @Test
    void theEndOfInputEndsARequestAsTheEndOfTheLineDoes() throws Exception {
        try (ControlServer server = server()) {
            assertEquals("{\"result\":\"done\"}", answerTo("{\"action\": \"resize_vcpu\", \"vcpu_count\": 2}", true));
            assertEquals("{\"result\":\"done\"}", answerTo("{\"action\":\"resize_vcpu\",\"vcpu_count\":3}\nmore", false));
            assertEquals(List.of(2, 3), asked);
        }
    }

    @Test
    void aClientThatDoesNotWaitForTheAnswerIsServedAllTheSame() throws Exception {
        CompletableFuture<Integer> heard = new CompletableFuture<>();
        try (ControlServer server = ControlServer.open(path(), count -> {
            heard.complete(count);
            return outcome;
        })) {
            try (SocketChannel channel = connect()) {
                channel.write(ByteBuffer.wrap("{\"action\": \"resize_vcpu\", \"vcpu_count\": 4}".getBytes(StandardCharsets.UTF_8)));
            }
            assertEquals(4, heard.get());
            assertEquals("{\"result\":\"done\"}", answerTo("{\"action\":\"resize_vcpu\",\"vcpu_count\":3}\n", false));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', value = {
        "nonsense|a request is a JSON object in one line",
        "[1]|a request is a JSON object in one line",
        "|a request is a JSON object in one line",
        "{}|unknown action , known is \"resize_vcpu\"",
        "{\"action\": \"explode\"}|unknown action \"explode\", known is \"resize_vcpu\"",
        "{\"action\": \"resize_vcpu\"}|vcpu_count must be a whole number, and is missing",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": \"2\"}|vcpu_count must be a whole number, and is \"2\"",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": 2.5}|vcpu_count must be a whole number, and is 2.5",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": 99999999999}|vcpu_count must be a whole number, and is 99999999999",
    })
    void anythingElseIsRefusedInWords(String request, String message) throws Exception {
        try (ControlServer server = server()) {
            String answer = answerTo((request == null ? "" : request) + "\n", false);
            assertEquals("refused", ControlMessage.parse(answer).orElseThrow().path("result").asText());
            assertEquals(message, ControlMessage.parse(answer).orElseThrow().path("message").asText());
            assertEquals(List.of(), asked);
        }
    }

    @Test
    void aLineWithoutEndIsCutOffAndDisturbsNobody() throws Exception {
        try (ControlServer server = server(); SocketChannel endless = connect()) {
            ByteBuffer junk = ByteBuffer.allocate(ControlMessage.BYTES_MAX + 1);
            assertThrows(IOException.class, () -> {
                while (true) {
                    endless.write(junk.clear());
                }
            });
            client().resizeVcpus(2);
        }
    }

    @Test
    void silentClientsTakeTheRoomForSomeAndNotForever() throws Exception {
        try (ControlServer server = server()) {
            List<SocketChannel> silent = new ArrayList<>();
            for (int i = 0; i < ControlServer.CLIENTS_MAX; i++) {
                silent.add(connect());
            }
            assertEquals("8 other clients are being served",
                    assertThrows(IllegalArgumentException.class, () -> client().resizeVcpus(2)).getMessage());
            for (SocketChannel channel : silent) {
                assertEquals(-1, channel.read(ByteBuffer.allocate(1)), "a silent client is let go");
                channel.close();
            }
            client().resizeVcpus(2);
        }
    }

    @Test
    void aMachineThatIsNotThereIsNamedByItsSocket() throws Exception {
        assertEquals("no machine answers at the socket " + path() + ": it does not exist",
                assertThrows(IOException.class, () -> client().resizeVcpus(1)).getMessage());
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path()));
        }
        assertEquals("no machine answers at the socket " + path() + ": nobody listens",
                assertThrows(IOException.class, () -> client().resizeVcpus(1)).getMessage());
    }

    @Test
    void aSocketThatADeadProcessLeftIsReplacedAndALiveOneIsNot() throws Exception {
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path()));
        }
        try (ControlServer server = server()) {
            String refusal = assertThrows(IOException.class, this::server).getMessage();
            assertTrue(refusal.contains("another process listens there"), refusal);
            client().resizeVcpus(1);
        }
    }
}
