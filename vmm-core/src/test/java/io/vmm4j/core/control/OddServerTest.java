package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What somebody else's server says in place of a machine. */
@Timeout(60)
class OddServerTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"result\": null, \"message\": null}", "{\"result\": \"done\", \"value\": null}", "{\"result\": \"done\", \"value\": {}}",
        "{\"result\": \"done\", \"value\": {\"name\": null, \"pid\": null, \"state\": null}}", "{\"result\": \"refused\", \"message\": null}"})
    void aServerThatIsNoMachinesIsShownForWhatItSays(String answer) throws Exception {
        Path path = directory.resolve("control");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            CompletableFuture<Void> served = CompletableFuture.runAsync(() -> {
                try (SocketChannel client = server.accept()) {
                    client.write(ByteBuffer.wrap((answer + "\n").getBytes(StandardCharsets.UTF_8)));
                    client.read(ByteBuffer.allocate(1024));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            IOException refusal = assertThrows(IOException.class, () -> new ControlClient(path, Duration.ofSeconds(20)).info());
            assertTrue(refusal.getMessage().contains("answers something unknown: {"), refusal.getMessage());
            served.get(20, TimeUnit.SECONDS);
        }
    }
}
