package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
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
        return new StreamBackend(loop, socket, onLoss);
    }

    @Override
    public void close() {
        socket.close();
    }
}
