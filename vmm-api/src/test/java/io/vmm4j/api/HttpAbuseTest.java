package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that ask for much, or for what there is not, or that do not go on. */
class HttpAbuseTest extends ApiTestBase {

    private static final String DOCUMENT = "GET /openapi.yaml HTTP/1.1\r\n\r\n";

    private void requireServing() throws IOException {
        assertEquals("200 {\"firecracker_version\":\"1.16.1\"}", get("/version"));
    }

    /** A place is free as soon as the server has seen that clients have gone. */
    private void awaitServing() throws IOException {
        ApiClient.Answer answer = null;
        while (answer == null || answer.status() != 200) {
            try (ApiClient client = new ApiClient(socket)) {
                client.send("GET /version HTTP/1.1\r\n\r\n");
                answer = client.receive();
            } catch (IOException e) {
                // Told that there is no room, before this was sent.
                answer = null;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "OPTIONS", "POST", "CONNECT", "TRACE", "put", "PROPFIND"})
    void methodsThatThereAreNotAreRefusedAndTheConnectionGoesOn(String method) throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send(method + " /version HTTP/1.1\r\n\r\n");
            assertEquals("{ \"error\": \"Invalid HTTP Method: Unsupported HTTP method.\nAll previous unanswered requests will be dropped.\" }",
                    client.receive().body());
            assertEquals(200, client.request("GET", "/version", null).status());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "GET http://localhost/version HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /version HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        "GET //version/ HTTP/1.0\r\n\r\n",
        "GET /version HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "GET /version HTTP/1.1\r\nAccept: text/html, */*;q=0.1\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: \r\n\r\n"})
    void whatAClientSaysBesidesIsPassedOver(String request) throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send(request);
            assertEquals("{\"firecracker_version\":\"1.16.1\"}", client.receive().body());
        }
    }

    @Test
    void aQueryIsPartOfThePath() throws IOException {
        refused("GET", "/version?x=1", null, "Invalid request method and/or path: GET version?x=1.");
        refused("PUT", "/drives/a?x", "{}", "API Resource IDs can only contain alphanumeric characters and underscores.");
    }

    @Test
    void headersWithoutEndAreRefused() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("GET /version HTTP/1.1\r\n" + "X: y\r\n".repeat(300));
            assertEquals(400, client.receive().status());
        } catch (IOException e) {
            // Closed while the rest was sent.
            assertNotNull(e.getMessage());
        }
        requireServing();
    }

    @Test
    void aPathThatIsNoTextIsRefused() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            client.send("GET /", (byte) 0xC3, (byte) '(', (byte) ' ', (byte) 'H', (byte) 'T', (byte) 'T', (byte) 'P', (byte) '/', (byte) '1', (byte) '.',
                    (byte) '1', (byte) '\r', (byte) '\n', (byte) '\r', (byte) '\n');
            assertTrue(client.receive().body().contains("Invalid URI: Cannot parse URI as UTF-8."));
        }
    }

    @Test
    void aBodyThatIsNoTextIsRefusedByItsPlace() throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            byte[] body = {'{', '"', (byte) 0xFF, '"', ':', '1', '}'};
            client.send("PUT /logger HTTP/1.1\r\nContent-Length: 7\r\n\r\n", body);
            assertEquals("{\"fault_message\":\"An error occurred when deserializing the json body of a request: "
                    + "invalid unicode code point at line 1 column 4.\"}", client.receive().body());
        }
    }

    @Test
    void aBodyThatNeverComesHoldsUpNobodyElse() throws IOException {
        try (ApiClient slow = new ApiClient(socket)) {
            slow.send("PUT /logger HTTP/1.1\r\nContent-Length: 51200\r\n\r\n{");
            requireServing();
            slow.send("x");
            requireServing();
        }
        requireServing();
    }

    @Test
    void aBodyThatThereIsNoRoomForClosesItsConnectionOnly() throws IOException {
        Path other = directory.resolve("other.sock");
        FirecrackerServer large = FirecrackerServer.open(FirecrackerOptions.at(other).withPayloadLimit(Integer.MAX_VALUE));
        try (ApiClient client = new ApiClient(other)) {
            client.send("PUT /logger HTTP/1.1\r\nContent-Length: 2147483647\r\n\r\n");
            assertNull(client.receive());
            assertEquals(200, ApiClient.once(other, "GET", "/", null).status());
        } finally {
            large.close();
        }
    }

    @Test
    void aClientThatTakesNoAnswersHoldsUpNobodyElseAndHasThemWhenItDoes() throws IOException {
        int requests = 200;
        try (ApiClient deaf = new ApiClient(socket)) {
            Thread sender = new Thread(() -> {
                try {
                    deaf.send(DOCUMENT.repeat(requests));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }, "sender");
            sender.start();
            for (int i = 0; i < 20; i++) {
                requireServing();
            }
            for (int i = 0; i < requests; i++) {
                assertEquals(200, deaf.receive().status(), "answer " + i);
            }
        }
    }

    @Test
    void clientsThatVanishWithinAnAnswerLeaveTheServerServing() throws IOException {
        for (int i = 0; i < 50; i++) {
            try (ApiClient client = new ApiClient(socket)) {
                client.send(DOCUMENT.repeat(8));
            } catch (IOException e) {
                // No room while the last ones are being found gone.
                assertNotNull(e);
            }
        }
        awaitServing();
    }

    @Test
    void aThousandClientsAtOnceAreAnsweredOrToldThatThereIsNoRoom() throws IOException {
        List<ApiClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 1000; i++) {
                clients.add(new ApiClient(socket));
            }
            int served = 0;
            for (ApiClient client : clients) {
                served += isServed(client) ? 1 : 0;
            }
            assertEquals(10, served);
        } finally {
            for (ApiClient client : clients) {
                client.close();
            }
        }
        awaitServing();
    }

    private static boolean isServed(ApiClient client) throws IOException {
        try {
            client.send("GET /version HTTP/1.1\r\n\r\n");
        } catch (IOException e) {
            // It was told so already.
            assertNotNull(e);
        }
        ApiClient.Answer answer = client.receive();
        if (answer.status() == 503) {
            assertNull(client.receive(), "it is closed");
            return false;
        }
        return true;
    }
}
