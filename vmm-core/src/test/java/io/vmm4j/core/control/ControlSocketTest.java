package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.kvm.libc.UnixSocket;
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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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
            return readLine(channel);
        }
    }

    /** Up to the end of the line or of the stream. */
    private static String readLine(SocketChannel channel) throws IOException {
        StringBuilder text = new StringBuilder();
        ByteBuffer octet = ByteBuffer.allocate(1);
        while (channel.read(octet.clear()) > 0 && octet.get(0) != '\n') {
            text.append((char) octet.get(0));
        }
        return text.toString();
    }

    private static String messageOf(String answer) {
        ObjectNode parsed = ControlMessage.parse(answer);
        assertEquals("refused", parsed.path("result").asText(), answer);
        return parsed.path("message").asText();
    }

    private static void send(SocketChannel channel, String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
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
            assertEquals("{\"result\":\"done\"}", answerTo("{\"action\":\"resize_vcpu\",\"vcpu_count\":3}\n", false));
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
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": 2} nonsense|a request is a JSON object in one line: there is text behind the object",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": 2}}|a request is a JSON object in one line: there is text behind the object",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": 2}{\"action\": \"resize_vcpu\", \"vcpu_count\": 3}|a request is a JSON object in one line: there is text behind the object",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": 2, \"vcpu_count\": 3}|a request is a JSON object in one line: the key \"vcpu_count\" is given twice",
        "{\"action\": \"resize_vcpu\", \"x\": {\"y\": 1, \"y\": 1}, \"vcpu_count\": 3}|a request is a JSON object in one line: the key \"y\" is given twice",
        "{}|\"action\" is missing, known are \"events\", \"info\", \"kill\", \"pause\", \"prometheus\", \"resize_console\", \"resize_vcpu\", \"resume\", \"snapshot\", \"stats\", \"stop\"",
        "{\"action\": \"explode\"}|unknown action \"explode\", known are \"events\", \"info\", \"kill\", \"pause\", \"prometheus\", \"resize_console\", \"resize_vcpu\", \"resume\", \"snapshot\", \"stats\", \"stop\"",
        "{\"ACTION\": \"info\"}|\"action\" is missing, known are \"events\", \"info\", \"kill\", \"pause\", \"prometheus\", \"resize_console\", \"resize_vcpu\", \"resume\", \"snapshot\", \"stats\", \"stop\"",
        "{\"action\": \"snapshot\"}|directory is missing",
        "{\"action\": \"snapshot\", \"directory\": \"a\"}|directory \"a\" must be an absolute path",
        "{\"action\": \"snapshot\", \"directory\": 7}|directory must be a text, and is 7",
        "{\"action\": \"snapshot\", \"directory\": \"/a\", \"then\": \"fly\"}|then must be \"go_on\", \"pause\" or \"stop\", and is \"fly\"",
        "{\"action\": \"snapshot\", \"directory\": \"/a\", \"replace\": 1}|replace must be true or false, and is 1",
        "{\"action\": \"snapshot\", \"directory\": \"/a\", \"x\": 1}|unknown key \"x\", known are action, directory, diff_of, replace, then",
        "{\"action\": \"snapshot\", \"directory\": \"/a\"}|this machine has no snapshot to be had by its socket",
        "{\"action\": \"resize_vcpu\"}|vcpu_count must be a whole number, and is missing",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": \"2\"}|vcpu_count must be a whole number, and is \"2\"",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": 2.5}|vcpu_count must be a whole number, and is 2.5",
        "{\"action\": \"resize_vcpu\", \"vcpu_count\": 99999999999}|vcpu_count must be a whole number, and is 99999999999",
    })
    void anythingElseIsRefusedInWords(String request, String message) throws Exception {
        try (ControlServer server = server()) {
            String answer = answerTo((request == null ? "" : request) + "\n", false);
            assertEquals(message, messageOf(answer));
            assertEquals(List.of(), asked);
        }
    }

    @Test
    void aSecondRequestBehindTheFirstIsRefusedAndNeitherIsCarriedOut() throws Exception {
        try (ControlServer server = server()) {
            String request = "{\"action\": \"resize_vcpu\", \"vcpu_count\": 2}\n";
            assertEquals("a connection takes one request, and there is text behind its line", messageOf(answerTo(request + request, false)));
            assertEquals(List.of(), asked);
            answerTo(request + " \r\n", false);
            assertEquals(List.of(2), asked, "blanks are no text");
        }
    }

    @Test
    void aRequestThatIsNotUtf8IsRefused() throws Exception {
        try (ControlServer server = server(); SocketChannel channel = connect()) {
            channel.write(ByteBuffer.wrap("{\"action\": \"resize_vcpu\", \"vcpu_count\": 2, \"x\": \"\u00ff\"}\n".getBytes(StandardCharsets.ISO_8859_1)));
            assertEquals("the request is not UTF-8 text", messageOf(readLine(channel)));
            assertEquals(List.of(), asked);
        }
    }

    @Test
    void aLineWithoutEndIsAnsweredThenCutOffAndDisturbsNobody() throws Exception {
        try (ControlServer server = server(); SocketChannel endless = connect()) {
            ByteBuffer junk = ByteBuffer.allocate(ControlMessage.BYTES_MAX + 1);
            assertThrows(IOException.class, () -> {
                while (true) {
                    endless.write(junk.clear());
                }
            });
            assertEquals("the request is longer than 65536 bytes", messageOf(readLine(endless)));
            client().resizeVcpus(2);
        }
    }

    @Test
    void aRequestMayBeAsLongAsIsSaidAndNoLonger() throws Exception {
        String request = "{\"action\": \"resize_vcpu\", \"vcpu_count\": 2";
        try (ControlServer server = server()) {
            String fits = request + " ".repeat(ControlMessage.BYTES_MAX - request.length() - 1) + "}";
            assertEquals("{\"result\":\"done\"}", answerTo(fits + "\n", false));
            assertEquals("the request is longer than 65536 bytes", messageOf(answerTo(fits + " \n", false)));
        }
    }

    @Test
    void aSlowClientIsServedWhileOthersAre() throws Exception {
        assertEquals(60, TimeUnit.NANOSECONDS.toSeconds(ControlServer.Limits.DEFAULT.requestNanos()), "time that a JVM on a loaded host may take");
        try (ControlServer server = server(); SocketChannel slow = connect()) {
            for (char octet : "{\"action\": \"resize_vcpu\", \"vcpu_count\": 3}\n".toCharArray()) {
                if (octet == ' ') {
                    client().resizeVcpus(2);
                }
                send(slow, String.valueOf(octet));
            }
            assertEquals("{\"result\":\"done\"}", readLine(slow));
            assertEquals(3, asked.get(asked.size() - 1));
        }
    }

    @Test
    void silentClientsTakeTheRoomForSomeAndAreToldWhenItIsOver() throws Exception {
        ControlServer.Limits limits = new ControlServer.Limits(64, TimeUnit.SECONDS.toNanos(3), TimeUnit.SECONDS.toNanos(3), 1_000_000);
        try (ControlServer server = ControlServer.open(path(), count -> outcome, limits)) {
            List<SocketChannel> silent = new ArrayList<>();
            for (int i = 0; i < ControlServer.CLIENTS_MAX; i++) {
                silent.add(connect());
            }
            assertEquals("8 other clients are being served",
                    assertThrows(IllegalArgumentException.class, () -> client().resizeVcpus(2)).getMessage());
            for (SocketChannel channel : silent) {
                assertEquals("no whole request came within 3000 ms", messageOf(readLine(channel)));
                assertEquals(-1, channel.read(ByteBuffer.allocate(1)), "a silent client is let go");
                channel.close();
            }
            client().resizeVcpus(2);
        }
    }

    @Test
    void aThousandClientsAtOnceAreAllAnswered() throws Exception {
        try (ControlServer server = server()) {
            List<SocketChannel> clients = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                clients.add(connect());
            }
            for (SocketChannel refused : clients.subList(ControlServer.CLIENTS_MAX, clients.size())) {
                assertEquals("8 other clients are being served", messageOf(readLine(refused)));
            }
            for (SocketChannel served : clients.subList(0, ControlServer.CLIENTS_MAX)) {
                send(served, "{\"action\": \"resize_vcpu\", \"vcpu_count\": 3}\n");
                assertEquals("{\"result\":\"done\"}", readLine(served));
            }
            client().resizeVcpus(2);
            for (SocketChannel client : clients) {
                client.close();
            }
        }
    }

    @Test
    void requestsCostNoNewThread() throws Exception {
        try (ControlServer server = server()) {
            Set<Thread> before = controlThreads();
            for (int i = 0; i < 3; i++) {
                client().resizeVcpus(2);
                assertEquals(before, controlThreads(), "the host may have no thread to give when a client comes");
            }
        }
    }

    private static Set<Thread> controlThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("control")).collect(Collectors.toSet());
    }

    @Test
    void aFaultOfWhatIsAskedIsAnAnswerToo() throws Exception {
        try (ControlServer server = ControlServer.open(path(), count -> {
            if (count == 1) {
                throw new UnsupportedOperationException("the exception of the test");
            }
            return count == 2 ? null : CompletableFuture.failedFuture(new IOException());
        })) {
            assertEquals("the exception of the test", assertThrows(VcpuResizeException.class, () -> client().resizeVcpus(1)).getMessage());
            assertThrows(VcpuResizeException.class, () -> client().resizeVcpus(2));
            assertEquals("java.io.IOException", assertThrows(VcpuResizeException.class, () -> client().resizeVcpus(3)).getMessage());
        }
    }

    @Test
    void oneThatIsSlowToDoWhatIsAskedKeepsNoOtherFromBeingHeard() throws Exception {
        CompletableFuture<Void> hold = new CompletableFuture<>();
        try (ControlServer server = ControlServer.open(path(), count -> {
            hold.join();
            return outcome;
        }); SocketChannel first = connect()) {
            send(first, "{\"action\": \"resize_vcpu\", \"vcpu_count\": 3}\n");
            List<SocketChannel> others = new ArrayList<>();
            for (int i = 1; i < ControlServer.CLIENTS_MAX; i++) {
                others.add(connect());
            }
            assertThrows(IllegalArgumentException.class, () -> client().resizeVcpus(2));
            hold.complete(null);
            assertEquals("{\"result\":\"done\"}", readLine(first));
            for (SocketChannel other : others) {
                other.close();
            }
        }
    }

    @Test
    void whoWaitsAtTheEndGetsItsAnswer() throws Exception {
        outcome = new CompletableFuture<>();
        try (ControlServer server = server(); SocketChannel waiting = connect(); SocketChannel silent = connect()) {
            send(waiting, "{\"action\": \"resize_vcpu\", \"vcpu_count\": 3}\n");
            while (asked.isEmpty()) {
                Thread.onSpinWait();
            }
            server.close();
            assertEquals("the machine has ended", messageOf(readLine(silent)));
            outcome.completeExceptionally(new VcpuResizeException("the machine has ended"));
            assertEquals("{\"result\":\"failed\",\"message\":\"the machine has ended\"}", readLine(waiting));
        }
    }

    @Test
    void aMachineThatLetsNobodyInIsGivenUp() throws Exception {
        try (UnixSocket deaf = UnixSocket.listen(path().toString(), 0)) {
            List<SocketChannel> waiting = new ArrayList<>();
            ControlClient client = new ControlClient(path(), Duration.ofMillis(50), Duration.ofMillis(50));
            // Until the backlog is full.
            String message = "";
            for (int i = 0; i < 10 && !message.contains("no room"); i++) {
                message = assertThrows(IOException.class, () -> client.resizeVcpus(1)).getMessage();
            }
            assertEquals("no machine answers at the socket " + path() + ": others wait there already, and there was no room for one more within 50 ms", message);
        }
    }

    @Test
    void aMachineThatIsSilentOrSpeaksSomethingElseIsGivenUp() throws Exception {
        ControlClient client = new ControlClient(path(), Duration.ofSeconds(20), Duration.ofMillis(100));
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path()))) {
            assertTrue(messageFrom(other, client, "").endsWith(": no answer came within 100 ms"));
            assertTrue(messageFrom(other, client, "HTTP/1.1 400\r\n").contains("the answer is \"HTTP/1.1 400"));
            assertTrue(messageFrom(other, client, null).endsWith(": it has closed the connection without an answer"));
            assertTrue(messageFrom(other, client, "x".repeat(ControlMessage.BYTES_MAX + 1)).endsWith(": the answer is longer than 65536 bytes"));
        }
    }

    /** What {@code client} says of a server that sends {@code answer}; that closes the connection when it is null. */
    private static String messageFrom(ServerSocketChannel server, ControlClient client, String answer) throws Exception {
        CompletableFuture<String> message = CompletableFuture.supplyAsync(
                () -> assertThrows(IOException.class, () -> client.resizeVcpus(1)).getMessage(), task -> new Thread(task).start());
        try (SocketChannel accepted = server.accept()) {
            if (answer != null) {
                readLine(accepted);
                send(accepted, answer);
                return message.get();
            }
        }
        return message.get();
    }

    @Test
    void aMachineThatIsNotThereIsNamedByItsSocket() throws Exception {
        assertEquals("no machine answers at the socket " + path() + ": it does not exist",
                assertThrows(IOException.class, () -> client().resizeVcpus(1)).getMessage());
        Files.writeString(path(), "precious");
        assertEquals("no machine answers at the socket " + path() + ": it is not a socket",
                assertThrows(IOException.class, () -> client().resizeVcpus(1)).getMessage());
        Files.delete(path());
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
