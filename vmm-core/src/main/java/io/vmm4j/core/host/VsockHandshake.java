package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host program that has connected and has to say where to: {@code CONNECT PORT\n}, the verb in any case, at most
 * {@value #MAX_LINE} bytes. Nothing behind the line is taken from the socket. Confined to the event loop.
 */
final class VsockHandshake {
    /** Bytes in the line, its end included. */
    static final int MAX_LINE = 32;

    private static final Pattern LINE = Pattern.compile("\\s*CONNECT[ \\t]+(\\d{1,10})\\s*", Pattern.CASE_INSENSITIVE);
    private static final long MAX_PORT = 0xFFFF_FFFFL;

    /** How a handshake ends; on the event loop, once, unless it is closed before. */
    interface Listener {
        /** The program has asked for a port; the socket is the listener's from now on. */
        void asked(VsockHandshake handshake, long guestPort);

        /** The program has left or has said something else; the socket is closed. */
        void failed(VsockHandshake handshake, String reason);
    }

    private final UnixSocket socket;
    private final long deadlineNanos;
    private final Listener listener;
    private final EpollEventLoop.Registration registration;
    private final ByteBuffer line = ByteBuffer.allocateDirect(MAX_LINE);

    /** @param deadlineNanos until when there is to be an answer; who watches the time ends it then */
    VsockHandshake(EpollEventLoop loop, UnixSocket socket, long deadlineNanos, Listener listener) throws IOException {
        this.socket = socket;
        this.deadlineNanos = deadlineNanos;
        this.listener = listener;
        this.registration = loop.watch(socket.fd(), Epoll.EPOLLIN, events -> receive());
    }

    UnixSocket socket() {
        return socket;
    }

    long deadlineNanos() {
        return deadlineNanos;
    }

    private void receive() {
        try {
            if (receiveLine()) {
                finish();
            }
        } catch (IOException e) {
            fail(e.getMessage());
        }
    }

    /** Takes what there is of the line, and returns whether that was all of it. */
    private boolean receiveLine() throws IOException {
        int seen = socket.peek(line);
        if (seen == UnixSocket.WOULD_BLOCK) {
            return false;
        }
        if (seen == 0) {
            throw new IOException("it left without a word");
        }
        int from = line.position();
        int length = 1;
        while (length < seen && line.get(from + length - 1) != '\n') {
            length++;
        }
        // Bounded by what was seen, so all of it is there.
        line.limit(from + length);
        socket.receive(line);
        line.limit(MAX_LINE);
        boolean isWhole = line.get(line.position() - 1) == '\n';
        if (!isWhole && !line.hasRemaining()) {
            throw new IOException("its first line is longer than " + MAX_LINE + " bytes");
        }
        return isWhole;
    }

    private void finish() throws IOException {
        byte[] bytes = new byte[line.position()];
        line.get(0, bytes);
        Matcher matcher = LINE.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        if (!matcher.matches() || Long.parseLong(matcher.group(1)) > MAX_PORT) {
            throw new IOException("its first line is not CONNECT and a port");
        }
        registration.close();
        listener.asked(this, Long.parseLong(matcher.group(1)));
    }

    private void fail(String reason) {
        close();
        listener.failed(this, reason);
    }

    /** Ends it without an answer. */
    void close() {
        registration.close();
        socket.close();
    }
}
