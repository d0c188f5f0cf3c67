package io.vmm4j.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long a request may take to come in, by a clock of the test's. */
class HttpConnectionTest {

    private static final long PATIENCE = 30;

    @TempDir
    Path directory;

    private SocketChannel client;
    private HttpConnection connection;

    @BeforeEach
    void connect() throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            client = SocketChannel.open(address);
            SocketChannel accepted = server.accept();
            accepted.configureBlocking(false);
            connection = new HttpConnection(accepted, 100, new ResponseWriter());
        }
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        connection.close();
    }

    /** How many requests are there once {@code text} has come, too. */
    private int receive(String text, long nowNanos) throws IOException {
        client.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
        return connection.receive(nowNanos).size();
    }

    @Test
    void aRequestThatKeepsComingInIsStalledByItsBeginning() throws IOException {
        assertEquals(0, receive("PUT /logger HTTP/1.1\r\nContent-Le", 100));
        assertEquals(0, receive("ngth: 2\r\n\r\n", 110));
        assertEquals(0, receive("{", 129));
        assertFalse(connection.isStalled(129, PATIENCE));
        assertTrue(connection.isStalled(130, PATIENCE));
    }

    @Test
    void aWholeRequestIsNotStalledAndTheNextBeginsAnew() throws IOException {
        assertEquals(1, receive("GET / HTTP/1.1\r\n\r\n", 100));
        assertFalse(connection.isStalled(1_000, PATIENCE), "whoever asks for nothing may stay");
        assertEquals(0, receive("GET", 1_000));
        assertFalse(connection.isStalled(1_029, PATIENCE));
        assertTrue(connection.isStalled(1_030, PATIENCE));
        assertEquals(1, receive(" / HTTP/1.1\r\n\r\n", 1_031));
        assertFalse(connection.isStalled(2_000, PATIENCE));
    }

    @Test
    void aClientThatSendsRequestsWithoutPauseIsNotStalled() throws IOException {
        assertEquals(1, receive("GET / HTTP/1.1\r\n\r\nGET / HT", 100));
        assertEquals(1, receive("TP/1.1\r\n\r\nGET", 120));
        assertEquals(1, receive(" / HTTP/1.1\r\n\r\nG", 140));
        assertFalse(connection.isStalled(169, PATIENCE));
        assertTrue(connection.isStalled(170, PATIENCE));
    }

    @Test
    void theNextRequestOfSeveralCountsFromWhenItIsSeen() throws IOException {
        assertEquals(1, receive("GET / HTTP/1.1\r\n\r\nGET / HT", 100));
        assertTrue(connection.isStalled(130, PATIENCE));
    }
}
