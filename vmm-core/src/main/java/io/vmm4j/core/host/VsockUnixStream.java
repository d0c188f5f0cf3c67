package io.vmm4j.core.host;

import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.virtio.vsock.VsockStream;
import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection between the guest and a host program: a Unix socket on the event loop.
 *
 * <p>The socket is watched edge triggered: the kernel reports each change once. A report counts only after a call that
 * could move nothing, so that data the guest does not take, or a peer that has left, costs no processor time. No wake-up
 * is lost, because such a call comes before the change that it waits for. Confined to the event loop.
 */
final class VsockUnixStream implements VsockStream {

    private static final Logger LOG = LoggerFactory.getLogger(VsockUnixStream.class);
    private static final int CHANGES = Epoll.EPOLLIN | Epoll.EPOLLOUT | Epoll.EPOLLET;
    private static final int ANSWER_LENGTH = 16;

    private final EpollEventLoop loop;
    private final UnixSocket socket;
    private final Consumer<VsockUnixStream> onClose;
    private final SparseCount failures;
    /** Null until the socket is connected. */
    private EpollEventLoop.Registration registration;
    private Listener listener;
    /** The last read found nothing; the last write did not get all through. */
    private boolean isReadDry;
    private boolean isWriteFull;
    private boolean isHungUp;
    private boolean isInputShut;
    private boolean isOutputShut;
    private boolean isClosed;
    private IOException failure;

    /**
     * @param socket  from now on the stream's to close
     * @param onClose hears of the end, once
     * @param failures counts what is told to somebody who has left, over all streams of a device
     */
    VsockUnixStream(EpollEventLoop loop, UnixSocket socket, Consumer<VsockUnixStream> onClose, SparseCount failures) {
        this.loop = loop;
        this.socket = socket;
        this.onClose = onClose;
        this.failures = failures;
    }

    /** Says that the socket is connected: data may flow from now on, and who waits for that hears of it. */
    void connected() throws IOException {
        registration = loop.watch(socket.fd(), CHANGES, this::changed);
        if (isInputShut) {
            socket.shutdownInput();
        }
        if (isOutputShut) {
            socket.shutdownOutput();
        }
    }

    /** Says that the socket will never be connected. */
    void failed(IOException why) {
        failure = why;
        listener.hungUp();
    }

    UnixSocket socket() {
        return socket;
    }

    private boolean isConnected() {
        return registration != null;
    }

    @Override
    public void open(Listener newListener) {
        listener = newListener;
    }

    /** The host program hears the port: {@code OK PORT\n}. */
    @Override
    public void established(long hostPort) {
        byte[] answer = ("OK " + hostPort + "\n").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer bytes = ByteBuffer.allocateDirect(ANSWER_LENGTH).put(answer).flip();
        try {
            // Nothing was sent before, so there is room.
            socket.send(bytes);
        } catch (LinuxException e) {
            // The program has left already; the connection finds out with its first read or write.
            tell("the answer to a program", e);
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        throwFailure();
        if (!target.hasRemaining()) {
            return 0;
        }
        int read = isConnected() ? socket.receive(target) : UnixSocket.WOULD_BLOCK;
        isReadDry = read == UnixSocket.WOULD_BLOCK;
        if (isReadDry) {
            return 0;
        }
        return read == 0 ? -1 : read;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        throwFailure();
        int written = 0;
        isWriteFull = !isConnected();
        while (source.hasRemaining() && !isWriteFull) {
            int sent = socket.send(source);
            isWriteFull = sent == UnixSocket.WOULD_BLOCK;
            written += isWriteFull ? 0 : sent;
        }
        return written;
    }

    private void throwFailure() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void shutdownInput() {
        isInputShut = true;
        shut(socket::shutdownInput);
    }

    @Override
    public void shutdownOutput() {
        isOutputShut = true;
        shut(socket::shutdownOutput);
    }

    private interface Shutdown {
        void run() throws LinuxException;
    }

    /** Now, or once there is a connection to shut. */
    private void shut(Shutdown shutdown) {
        try {
            if (isConnected()) {
                shutdown.run();
            }
        } catch (LinuxException e) {
            tell("an end that the guest has told", e);
        }
    }

    /** The guest and the program bring these about, as often as they like. */
    private void tell(String what, LinuxException failure) {
        long number = failures.next();
        if (number != 0) {
            LOG.debug("vsock: {} was not delivered, failure {} of this kind: {}", what, number, failure.getMessage());
        }
    }

    private void changed(int events) {
        if ((events & (Epoll.EPOLLHUP | Epoll.EPOLLERR)) != 0 && !isHungUp) {
            isHungUp = true;
            listener.hungUp();
        }
        if (isReadDry && !isClosed && (events & Epoll.EPOLLIN) != 0) {
            isReadDry = false;
            listener.readable();
        }
        if (isWriteFull && !isClosed && (events & Epoll.EPOLLOUT) != 0) {
            isWriteFull = false;
            listener.writable();
        }
    }

    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        if (registration != null) {
            registration.close();
        }
        socket.close();
        onClose.accept(this);
    }
}
