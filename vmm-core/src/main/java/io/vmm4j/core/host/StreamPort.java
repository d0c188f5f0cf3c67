package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** A connection to a program that carries frames, each behind its length: passt, or another of its protocol. */
public final class StreamPort implements NetPort {

    private final UnixSocket socket;

    private StreamPort(UnixSocket socket) {
        this.socket = socket;
    }

    /**
     * Connects to the program that listens at {@code path}.
     *
     * @throws LinuxException when there is no socket, or nobody listens
     * @throws IOException    when too many wait there already
     */
    public static StreamPort connect(Path path) throws IOException {
        UnixSocket socket = UnixSocket.open();
        try {
            if (!socket.connect(path)) {
                throw new IOException("socket " + path + " is busy: the program that listens there has others to take first");
            }
            return new StreamPort(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Looks whether there is a socket at {@code path}, which is not connected to: a program that takes one connection would take this.
     *
     * @throws IOException when there is none: a line that says so
     */
    public static void check(Path path) throws IOException {
        try (Fd file = Fd.open(path, Fd.O_PATH)) {
            if (!file.stat().isSocket()) {
                throw refused(path, Errno.ECONNREFUSED);
            }
        } catch (LinuxException e) {
            throw refused(path, e.errno());
        }
    }

    /** As the connection would have been. */
    private static LinuxException refused(Path path, int errno) {
        return new LinuxException("connect(" + path + ")", errno);
    }

    /** On a socket that is connected, which is closed with this. */
    static StreamPort on(UnixSocket socket) {
        return new StreamPort(socket);
    }

    @Override
    public OptionalInt packetLimit() {
        return OptionalInt.empty();
    }

    @Override
    public NetBackend attach(EpollEventLoop loop, Consumer<String> onLoss) throws IOException {
        return attach(loop, head -> true, onLoss);
    }

    /** As the other, with {@code guard} deciding of each frame of the guest's. */
    NetBackend attach(EpollEventLoop loop, StreamBackend.Guard guard, Consumer<String> onLoss) throws IOException {
        return new StreamBackend(loop, socket, new StreamBackend.Sender() {
            @Override
            public int send(ByteBuffer source) throws LinuxException {
                return socket.send(source);
            }

            @Override
            public int send(IoVec vector) throws LinuxException {
                return socket.send(vector);
            }
        }, guard, onLoss);
    }

    @Override
    public void close() {
        socket.close();
    }
}
