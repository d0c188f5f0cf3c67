package io.vmm4j.core.vhostuser;

import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * What a back end asks of its own accord, on a connection of its own. That its configuration space has changed is taken note of; all else is refused.
 * Files that come are never opened. Never waits: an answer that there is no room for is none of ours.
 *
 * <p>Confined to one thread at a time.
 */
final class BackEndRequests implements AutoCloseable {

    /** Messages taken at once; others of the device have their turn then. */
    private static final int TURN = 64;
    private static final int MAX_PAYLOAD = 512;
    private static final long REFUSED = 1;

    private final UnixSocket socket;
    private final ByteBuffer message = ByteBuffer.allocateDirect(VhostUserConstants.HEADER_SIZE + MAX_PAYLOAD).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer answer = ByteBuffer.allocateDirect(VhostUserConstants.HEADER_SIZE + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private boolean isConfigChanged;
    private Optional<VhostUserException> fault = Optional.empty();
    private Runnable onNews = () -> { };

    /** @param socket connected, closed with this */
    BackEndRequests(UnixSocket socket) {
        this.socket = socket;
        message.limit(VhostUserConstants.HEADER_SIZE);
    }

    /** For {@link io.vmm4j.kvm.libc.Epoll}. */
    int fd() {
        return socket.fd();
    }

    /** Takes what has come. What is wrong with it, {@link #takeConfigChange} says. */
    void serve() {
        try {
            for (int i = 0; i < TURN && fault.isEmpty() && receive(); i++) {
                handle();
                message.clear().limit(VhostUserConstants.HEADER_SIZE);
            }
        } catch (LinuxException e) {
            fault = Optional.of(VhostUserException.gone("has closed the connection of its requests: " + e.getMessage()));
        } catch (VhostUserException e) {
            fault = Optional.of(e);
        }
    }

    /** As {@link #serve}, where nobody looks at {@link #takeConfigChange} behind it: that there is something is told. */
    void serveMeanwhile() {
        serve();
        tellNews();
    }

    /** @param listener hears when {@link #takeConfigChange} has something to say though nothing is to be received; at once if it has now */
    void onNews(Runnable listener) {
        onNews = listener;
        tellNews();
    }

    private void tellNews() {
        if (isConfigChanged || fault.isPresent()) {
            onNews.run();
        }
    }

    /** Whether the configuration space has been said to have changed since the last call. */
    boolean takeConfigChange() throws VhostUserException {
        if (fault.isPresent()) {
            throw fault.get();
        }
        boolean isNew = isConfigChanged;
        isConfigChanged = false;
        return isNew;
    }

    /** Returns whether a whole message is there. */
    private boolean receive() throws LinuxException, VhostUserException {
        while (true) {
            if (!message.hasRemaining()) {
                int end = VhostUserConstants.HEADER_SIZE + payloadSize();
                if (message.position() == end) {
                    return true;
                }
                message.limit(end);
            }
            int received = socket.receive(message);
            if (received == 0) {
                throw VhostUserException.gone("has closed the connection of its requests");
            }
            if (received == UnixSocket.WOULD_BLOCK) {
                return false;
            }
        }
    }

    private int payloadSize() throws VhostUserException {
        long size = Integer.toUnsignedLong(message.getInt(VhostUserConstants.HEADER_PAYLOAD_SIZE));
        if (size > MAX_PAYLOAD) {
            throw VhostUserException.breach("has sent a request of " + size + " bytes");
        }
        return (int) size;
    }

    private void handle() throws LinuxException {
        int request = message.getInt(0);
        boolean isKnown = request == VhostUserConstants.BACKEND_CONFIG_CHANGE_MSG;
        isConfigChanged |= isKnown;
        if ((message.getInt(VhostUserConstants.HEADER_FLAGS) & VhostUserConstants.FLAG_NEED_REPLY) != 0) {
            answer.clear().putInt(request).putInt(VhostUserConstants.VERSION | VhostUserConstants.FLAG_REPLY).putInt(Long.BYTES)
                    .putLong(isKnown ? 0 : REFUSED).flip();
            socket.send(answer);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
