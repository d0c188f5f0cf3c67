package io.vmm4j.core;

import io.vmm4j.core.config.VsockConfig;
import io.vmm4j.core.host.ChannelAddress;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.NoSuchElementException;

/**
 * The host's side of a machine's vsock device: connections to ports of the guest, and ports of the host that the guest connects to. What
 * is given here is the caller's to close. Thread-safe; an interrupt closes the channel that the thread waits for.
 */
public final class HostVsock {

    private static final long PORT_MAX = 0xFFFF_FFFFL;
    /** "OK" and the number of a port. */
    private static final int ANSWER_MAX = 32;

    private final Path socket;

    private HostVsock(Path socket) {
        this.socket = socket;
    }

    /** @param device of the machine, or {@code null} */
    static HostVsock of(VsockConfig device) {
        if (device == null) {
            throw new NoSuchElementException("the machine has no vsock device");
        }
        return at(Path.of(device.udsPath()));
    }

    /** That of the machine whose vsock device has this Unix socket, also in another process. */
    public static HostVsock at(Path socket) {
        return new HostVsock(socket);
    }

    /**
     * Connects to a port of the guest, and waits for the guest's answer.
     *
     * @param guestPort 0 to 0xFFFFFFFF
     * @throws IOException when there is no machine, or the guest refuses or does not answer
     */
    public SocketChannel connect(long guestPort) throws IOException {
        requirePort(guestPort);
        SocketChannel channel = ChannelAddress.connect(socket);
        try {
            ByteBuffer request = StandardCharsets.US_ASCII.encode("CONNECT " + guestPort + "\n");
            while (request.hasRemaining()) {
                channel.write(request);
            }
            String answer = line(channel);
            if (!answer.startsWith("OK ")) {
                throw new IOException("port " + guestPort + " of the guest: the answer is no answer: " + answer);
            }
            return channel;
        } catch (EOFException e) {
            channel.close();
            throw new IOException("port " + guestPort + " of the guest at " + socket + ": nobody listens there", e);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /** Octet by octet: what comes behind it is the guest's. */
    private static String line(SocketChannel channel) throws IOException {
        StringBuilder line = new StringBuilder();
        ByteBuffer octet = ByteBuffer.allocate(1);
        while (line.length() < ANSWER_MAX) {
            if (channel.read(octet.clear()) < 0) {
                throw new EOFException("closed without an answer");
            }
            if (octet.get(0) == '\n') {
                break;
            }
            line.append((char) (octet.get(0) & 0xFF));
        }
        return line.toString();
    }

    /**
     * Opens a port of the host for connections of the guest. Closing it leaves the socket's file, as with all Unix sockets.
     *
     * @param hostPort 0 to 0xFFFFFFFF
     * @throws IOException when something is at the port's path, which is the device's with {@code _} and the number behind it
     */
    public ServerSocketChannel listen(long hostPort) throws IOException {
        requirePort(hostPort);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(socket + "_" + hostPort));
            return server;
        } catch (IOException | RuntimeException | Error e) {
            server.close();
            throw e;
        }
    }

    private static void requirePort(long port) {
        if (port < 0 || port > PORT_MAX) {
            throw new IllegalArgumentException("port " + port + " is not within 0 to " + PORT_MAX);
        }
    }
}
