package io.vmm4j.api;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client that sends what it is told, byte for byte. */
final class ApiClient implements Closeable {

    /** An answer as it came. */
    record Answer(int status, String head, String body) {
    }

    private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    private final InputStream input = Channels.newInputStream(channel);

    ApiClient(Path socket) throws IOException {
        channel.connect(UnixDomainSocketAddress.of(socket));
    }

    /** One request on a connection of its own. */
    static Answer once(Path socket, String method, String path, String body) throws IOException {
        try (ApiClient client = new ApiClient(socket)) {
            return client.request(method, path, body);
        }
    }

    Answer request(String method, String path, String body) throws IOException {
        byte[] content = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
        String length = body == null ? "" : "Content-Type: application/json\r\nContent-Length: " + content.length + "\r\n";
        send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + length + "\r\n", content);
        return receive();
    }

    void send(String head, byte... body) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(head.getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(body);
        ByteBuffer message = ByteBuffer.wrap(bytes.toByteArray());
        while (message.hasRemaining()) {
            channel.write(message);
        }
    }

    /** The next answer; {@code null} when the server has closed the connection. */
    Answer receive() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int octet = input.read();
            if (octet < 0) {
                return null;
            }
            head.append((char) octet);
        }
        int at = head.indexOf("Content-Length: ");
        int length = at < 0 ? 0 : Integer.parseInt(head.substring(at + 16, head.indexOf("\r\n", at)));
        String body = new String(input.readNBytes(length), StandardCharsets.UTF_8);
        return new Answer(Integer.parseInt(head.substring(9, 12)), head.toString(), body);
    }

    /** Sends no more. */
    void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
