package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.host.SilentConsole;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class HttpBehaviourTest {

    private static final String VERSION_ANSWER = "{\"firecracker_version\":\"1.16.1\"}";

    @TempDir
    Path directory;

    private Path socket;
    private FirecrackerServer server;

    @BeforeEach
    void open() throws IOException {
        socket = directory.resolve("api.sock");
        server = FirecrackerServer.open(FirecrackerOptions.at(socket).withPayloadLimit(250).withStdio(SilentConsole::new));
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private static String fault(String message) {
        return "{ \"error\": \"" + message + "\nAll previous unanswered requests will be dropped.\" }";
    }

    @Test
    void anAnswerIsByteForByteFirecrackers() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            ApiClient.Answer answer = client.request("GET", "/version", null);
            assertEquals("HTTP/1.1 200 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 32\r\n\r\n", answer.head());
            assertEquals(VERSION_ANSWER, answer.body());
        }
    }

    @Test
    void anAnswerWithoutABodyHasNoHeadersOfOne() throws IOException {
        ApiClient.Answer answer = ApiClient.once(socket, "PUT", "/logger", "{}");
        assertEquals("HTTP/1.1 204 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n", answer.head());
    }

    @Test
    void whatIsGoingToBeRemovedIsToldOfBeforeTheBodysHeaders() throws IOException {
        ApiClient.Answer answer = ApiClient.once(socket, "PATCH", "/machine-config", "{\"cpu_template\": \"T2\", \"vcpu_count\": 33}");
        assertEquals(400, answer.status());
        assertTrue(answer.head().contains("keep-alive\r\nDeprecation: true\r\nContent-Type"), answer.head());
    }

    @Test
    void aBodyAboveTheLimitIsRefusedByItsSizeAndTheNextRequestIsServed() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            ApiClient.Answer answer = client.request("PUT", "/logger", "x".repeat(260));
            assertEquals("HTTP/1.1 400 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 145\r\n\r\n", answer.head());
            assertEquals(fault("Request payload with size 260 is larger than the limit of 250 allowed by server."), answer.body());
            assertEquals(VERSION_ANSWER, client.request("GET", "/version", null).body());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            POST /actions HTTP/1.1                                | Invalid HTTP Method: Unsupported HTTP method.
            get / HTTP/1.1                                        | Invalid HTTP Method: Unsupported HTTP method.
            GET / HTTP/2.0                                        | Invalid HTTP Version: Unsupported HTTP version.
            GET /a b HTTP/1.1                                     | Invalid HTTP Version: Unsupported HTTP version.
            GET  HTTP/1.1                                         | Invalid URI: Empty URI not allowed.
            GET /                                                 | Invalid request.
            garbage                                               | Invalid request.
            GET / HTTP/1.1~nocolon                                | Invalid header. Reason: Header is incorrectly formatted. Key: nocolon
            PUT / HTTP/1.1~Content-Length: x                      | Invalid header. Reason: Invalid value. Key:Content-Length; Value: x
            PUT / HTTP/1.1~content-length:-1                      | Invalid header. Reason: Invalid value. Key:content-length; Value:-1
            PUT / HTTP/1.1~Content-Length: 4294967296             | Invalid header. Reason: Invalid value. Key:Content-Length; Value: 4294967296
            PUT / HTTP/1.1~Accept-Encoding: identity;q=0          | Invalid header. Reason: Invalid value. Key:Accept-Encoding; Value:identity;q=0
            '~GET / HTTP/1.1'                                     | Invalid request.
            """)
    void whatIsNoRequestIsAnsweredWithWhy(String lines, String why) throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send(lines.replace("~", "\r\n") + "\r\n\r\n");
            ApiClient.Answer answer = client.receive();
            assertEquals(400, answer.status());
            assertEquals(fault(why), answer.body());
            assertEquals(VERSION_ANSWER, client.request("GET", "/version", null).body(), "the connection goes on");
        }
    }

    @Test
    void aHeaderThatIsNoTextIsRefusedByTheByte() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("GET / HTTP/1.1\r\nX: ", (byte) 0xFF, (byte) 'a', (byte) '\r', (byte) '\n', (byte) '\r', (byte) '\n');
            assertEquals(fault("Invalid header. Reason: Header contains invalid characters. Key: invalid utf-8 sequence of 1 bytes from index 3"),
                    client.receive().body());
        }
    }

    @Test
    void aBodyInChunksIsNoneAndItsChunksAreNoRequest() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("GET /version HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
            assertEquals(VERSION_ANSWER, client.receive().body());
            client.send("PUT /actions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
            assertEquals("{\"fault_message\":\"Empty PUT request.\"}", client.receive().body());
            client.send("2\r\n{}\r\n0\r\n\r\n");
            assertEquals(fault("Invalid request."), client.receive().body());
        }
    }

    @Test
    void aConnectionIsTheClientsToClose() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            for (int i = 0; i < 2; i++) {
                client.send("GET /version HTTP/1.1\r\nConnection: close\r\n\r\n");
                assertTrue(client.receive().head().contains("Connection: keep-alive\r\n"));
            }
        }
    }

    @Test
    void aConnectionStaysAfterALengthBeyondAllMeasure() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("PUT /logger HTTP/1.1\r\nContent-Length: 4294967295\r\n\r\n");
            assertEquals(fault("Request payload with size 4294967295 is larger than the limit of 250 allowed by server."), client.receive().body());
            assertEquals(VERSION_ANSWER, client.request("GET", "/version", null).body());
        }
    }

    @Test
    void aClientOfTheOldVersionIsToldToGoOnInIt() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("PUT /logger HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            assertEquals("HTTP/1.0 100 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n", client.receive().head());
            client.send("{}");
            assertTrue(client.receive().head().startsWith("HTTP/1.1 204 \r\n"));
        }
    }

    @Test
    void linesThatDoNotEndAreRefused() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("GET /" + "a".repeat(2000));
            assertEquals(fault("Invalid request."), client.receive().body());
        }
        try (ApiClient client = new ApiClient(socket)) {
            client.send("GET / HTTP/1.1\r\nX: " + "a".repeat(2000));
            assertTrue(client.receive().body().startsWith("{ \"error\": \"Invalid header. Reason: Invalid content length. Header: X: aaa"));
        }
    }

    @Test
    void requestsSentTogetherAreAnsweredInOrder() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("GET /version HTTP/1.1\r\n\r\nPUT /logger HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.0\r\n\r\n");
            assertEquals(VERSION_ANSWER, client.receive().body());
            assertEquals(204, client.receive().status());
            assertTrue(client.receive().body().contains("Not started"));
        }
    }

    @Test
    void requestsSentTogetherWithNonsenseAreDropped() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("PUT /balloon HTTP/1.1\r\nContent-Length: 41\r\n\r\n{\"amount_mib\": 1, \"deflate_on_oom\": true}nonsense\r\n\r\n");
            assertEquals(fault("Invalid request."), client.receive().body());
            assertEquals(400, client.request("GET", "/balloon", null).status());
        }
    }

    @Test
    void aClientThatAsksIsToldToGoOn() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("PUT /logger HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            assertEquals("HTTP/1.1 100 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n", client.receive().head());
            client.send("{}");
            assertEquals(204, client.receive().status());
        }
    }

    @Test
    void aRequestThatTricklesInIsAnsweredAndOthersMeanwhile() throws IOException {
        try (ApiClient slow = new ApiClient(socket)) {
            for (char c : "PUT /logger HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}".toCharArray()) {
                assertEquals(200, ApiClient.once(socket, "GET", "/", null).status());
                slow.send(String.valueOf(c));
            }
            assertEquals(204, slow.receive().status());
        }
    }

    @Test
    void aClientThatSendsNoMoreGetsItsAnswer() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("GET /version HTTP/1.1\r\n\r\n");
            client.endOutput();
            assertEquals(VERSION_ANSWER, client.receive().body());
            assertNull(client.receive());
        }
    }

    @Test
    void theEleventhClientIsToldToComeBack() throws IOException {
        List<ApiClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 10; i++) {
                ApiClient client = new ApiClient(socket);
                clients.add(client);
                assertEquals(200, client.request("GET", "/", null).status());
            }
            try (ApiClient eleventh = new ApiClient(socket)) {
                ApiClient.Answer answer = eleventh.receive();
                assertEquals("HTTP/1.1 503\r\nServer: Firecracker API\r\nConnection: close\r\nContent-Length: 40\r\n\r\n", answer.head());
                assertEquals("{ \"error\": \"Too many open connections\" }", answer.body());
                assertNull(eleventh.receive());
            }
            clients.remove(0).close();
            assertNotNull(awaitAdmission());
        } finally {
            for (ApiClient client : clients) {
                client.close();
            }
        }
    }

    /** A place is free as soon as the server has seen that a client has gone. */
    private ApiClient.Answer awaitAdmission() throws IOException {
        while (true) {
            try (ApiClient client = new ApiClient(socket)) {
                client.send("GET / HTTP/1.1\r\n\r\n");
                ApiClient.Answer answer = client.receive();
                if (answer != null && answer.status() == 200) {
                    return answer;
                }
            } catch (IOException e) {
                // The server had closed the connection when this was sent.
                continue;
            }
        }
    }

    @Test
    void aThousandClientsThatVanishLeaveTheServerServing() throws IOException {
        for (int i = 0; i < 1000; i++) {
            try (ApiClient client = new ApiClient(socket)) {
                if (i % 3 != 0) {
                    client.send(i % 3 == 1 ? "PUT /logger HTTP/1.1\r\nContent-Len" : "GET /vm/config HTTP/1.1\r\n\r\n");
                }
            } catch (IOException e) {
                // Told that there is no room.
                continue;
            }
        }
        assertNotNull(awaitAdmission());
    }

    @Test
    void noBytesEndTheServer() throws IOException {
        byte[] valid = "PUT /logger HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n: \r\n\r\n".getBytes(StandardCharsets.UTF_8);
        Random random = new Random(11);
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = valid.clone();
            for (int change = random.nextInt(4); change >= 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try (ApiClient client = new ApiClient(socket)) {
                client.send("", Arrays.copyOf(bytes, random.nextInt(bytes.length) + 1));
                client.endOutput();
                while (client.receive() != null) {
                    continue;
                }
            } catch (IOException e) {
                // Closed while this was sent.
                continue;
            }
        }
        assertNotNull(awaitAdmission());
    }

    @Test
    void theSocketIsItsOwnersAloneAndGoesWithTheServer() throws IOException {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        server.close();
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void whatIsAtTheSocketsPathStays() throws IOException {
        Path taken = Files.writeString(directory.resolve("taken"), "x", StandardCharsets.UTF_8);
        for (Path path : List.of(taken, socket)) {
            IOException refusal = assertThrows(IOException.class,
                    () -> FirecrackerServer.open(FirecrackerOptions.at(path)));
            assertEquals("Failed to open the API socket at: " + path + ". Check that it is not already used.", refusal.getMessage());
        }
        assertEquals("x", Files.readString(taken));
    }
}
