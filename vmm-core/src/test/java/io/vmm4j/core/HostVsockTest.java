package io.vmm4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.VsockConfig;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HostVsockTest {

    @TempDir
    Path directory;

    private Path path;
    private ServerSocketChannel device;
    private HostVsock vsock;

    @BeforeEach
    void open() throws IOException {
        path = directory.resolve("v.sock");
        device = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path));
        vsock = HostVsock.of(new VsockConfig(3L, path.toString(), null));
    }

    @AfterEach
    void close() throws IOException {
        device.close();
    }

    /** Serves one connection with {@code answer}, and gives what was asked. */
    private CompletableFuture<String> answering(String answer) {
        return CompletableFuture.supplyAsync(() -> {
            try (SocketChannel client = device.accept()) {
                ByteBuffer asked = ByteBuffer.allocate(64);
                while (asked.position() == 0 || asked.get(asked.position() - 1) != '\n') {
                    client.read(asked);
                }
                client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.US_ASCII)));
                return new String(asked.array(), 0, asked.position(), StandardCharsets.US_ASCII);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void aConnectionBeginsBehindTheAnswer() throws Exception {
        CompletableFuture<String> asked = answering("OK 1073741824\nfrom the guest");
        try (SocketChannel guest = vsock.connect(52)) {
            ByteBuffer said = ByteBuffer.allocate(64);
            while (guest.read(said) >= 0) {
                // To its end.
            }
            assertEquals("from the guest", new String(said.array(), 0, said.position(), StandardCharsets.US_ASCII));
        }
        assertEquals("CONNECT 52\n", asked.join());
    }

    @Test
    void aPortThatNobodyListensAtIsNamed() {
        answering("");
        IOException refused = assertThrows(IOException.class, () -> vsock.connect(4_294_967_295L));
        assertEquals("port 4294967295 of the guest at " + path + ": nobody listens there", refused.getMessage());
    }

    @Test
    void whatIsNoAnswerIsShownAndBounded() {
        answering("E" + "x".repeat(1000));
        IOException refused = assertThrows(IOException.class, () -> vsock.connect(52));
        assertTrue(refused.getMessage().startsWith("port 52 of the guest: the answer is no answer: Exxx"), refused.getMessage());
        assertTrue(refused.getMessage().length() < 100, refused.getMessage());
    }

    @Test
    void aPortOfTheHostIsTheSocketThatTheDeviceConnectsTo() throws Exception {
        try (ServerSocketChannel port = vsock.listen(53); SocketChannel guest = SocketChannel.open(UnixDomainSocketAddress.of(path + "_53"));
                SocketChannel accepted = port.accept()) {
            guest.write(ByteBuffer.wrap(new byte[] {7}));
            ByteBuffer octet = ByteBuffer.allocate(1);
            assertEquals(1, accepted.read(octet));
            assertThrows(IOException.class, () -> vsock.listen(53), "somebody has it");
        }
    }

    @Test
    void portsAreOf32BitsAndAMachineWithoutTheDeviceHasNone() {
        assertThrows(IllegalArgumentException.class, () -> vsock.connect(-1));
        assertThrows(IllegalArgumentException.class, () -> vsock.listen(4_294_967_296L));
        assertThrows(NoSuchElementException.class, () -> HostVsock.of(null));
    }

    @Test
    void anotherSystemIsNamed() {
        assertEquals("virtual machines need Linux on x86-64; this is Mac OS X on aarch64", KvmHost.problem("Mac OS X", "aarch64").orElseThrow());
        assertEquals("virtual machines need Linux on x86-64; this is Linux on aarch64", KvmHost.problem("Linux", "aarch64").orElseThrow());
    }
}
