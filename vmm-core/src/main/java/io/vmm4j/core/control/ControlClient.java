package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Asks a machine of another process for something, by its {@link ControlServer}. Immutable. */
public final class ControlClient {

    private static final long SEND_MILLIS = 5_000;

    private final Path path;
    private final Duration patience;

    /**
     * @param path     of the machine's control socket
     * @param patience how long to wait for the answer
     */
    public ControlClient(Path path, Duration patience) {
        this.path = path;
        this.patience = patience;
    }

    /**
     * Has the guest go over to {@code count} vCPUs.
     *
     * @throws IllegalArgumentException when the machine refuses the request; the message says why
     * @throws VcpuResizeException      when the guest has not gone over
     * @throws IOException              one line that names the socket: nobody listens there, or no answer came
     */
    public void resizeVcpus(int count) throws IOException, VcpuResizeException {
        ObjectNode request = ControlMessage.object().put(ControlMessage.ACTION, ControlMessage.RESIZE_VCPU).put(ControlMessage.VCPU_COUNT, count);
        ObjectNode answer = ask(request);
        String message = answer.path(ControlMessage.MESSAGE).asText();
        switch (answer.path(ControlMessage.RESULT).asText()) {
            case ControlMessage.DONE -> { }
            case ControlMessage.REFUSED -> throw new IllegalArgumentException(message);
            case ControlMessage.FAILED -> throw new VcpuResizeException(message);
            default -> throw new IOException("the socket " + path + " answers something unknown: " + answer);
        }
    }

    private ObjectNode ask(ObjectNode request) throws IOException {
        try (SocketChannel channel = connect()) {
            ControlMessage.send(channel, request, SEND_MILLIS);
            String line = ControlMessage.receive(channel, patience.toMillis());
            return ControlMessage.parse(line).orElseThrow(() -> new IOException("the answer is \"" + line + "\", not a JSON object"));
        } catch (IOException e) {
            throw new IOException("no machine answers at the socket " + path + ": " + e.getMessage(), e);
        }
    }

    private SocketChannel connect() throws IOException {
        if (Files.notExists(path)) {
            throw new IOException("it does not exist");
        }
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(path));
            return channel;
        } catch (ConnectException e) {
            channel.close();
            throw new IOException("nobody listens", e);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }
}
