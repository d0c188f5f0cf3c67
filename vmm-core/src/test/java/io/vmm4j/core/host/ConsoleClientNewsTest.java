package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a machine hears of the clients of a console's socket. */
@Timeout(60)
class ConsoleClientNewsTest {

    private final BlockingQueue<Boolean> news = new LinkedBlockingQueue<>();
    private SocketConsole console;

    @TempDir
    private Path directory;

    @BeforeEach
    void attach() throws IOException {
        console = new SocketConsole(directory.resolve("console.sock"));
        console.attach(new RecordingPort() {
            @Override
            public void clientChanged(boolean connected) {
                news.add(connected);
            }
        });
    }

    @AfterEach
    void close() {
        console.close();
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(directory.resolve("console.sock")));
    }

    private Boolean next() throws InterruptedException {
        return news.poll(20, TimeUnit.SECONDS);
    }

    @Test
    void eachClientComesAndGoesOnceAlsoWhenNothingIsPrinted() throws Exception {
        for (int i = 0; i < 3; i++) {
            try (SocketChannel client = connect()) {
                assertEquals(true, next());
            }
            assertEquals(false, next());
        }
        console.output().write('x');
        console.close();
        assertNull(news.poll(), "nobody was there at the end");
    }

    @Test
    void aClientThatEndsItsInputHasLeftAndIsNotToldOfAgain() throws Exception {
        try (SocketChannel first = connect()) {
            assertEquals(true, next());
            first.shutdownOutput();
            assertEquals(false, next());
            try (SocketChannel second = connect()) {
                assertEquals(true, next());
            }
            assertEquals(false, next());
        }
        console.close();
        assertNull(news.poll());
    }

    @Test
    void oneThatIsRefusedIsNotToldOf() throws Exception {
        try (SocketChannel first = connect(); SocketChannel second = connect()) {
            assertEquals(true, next());
            assertEquals(SocketConsole.BUSY.length, second.read(ByteBuffer.allocate(SocketConsole.BUSY.length)));
            assertNull(news.poll());
        }
        assertEquals(false, next());
    }

    @Test
    void theConsolesEndIsTheClients() throws Exception {
        try (SocketChannel client = connect()) {
            assertEquals(true, next());
            console.close();
            assertEquals(false, next());
        }
        assertNull(news.poll());
    }
}
