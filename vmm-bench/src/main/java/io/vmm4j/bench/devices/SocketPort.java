package io.vmm4j.bench.devices;

import io.vmm4j.devices.testing.PlainPort;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** A port whose other side is a socket of this process: one frame at a time goes through the kernel, in either direction. */
final class SocketPort extends PlainPort implements AutoCloseable {

    private final UnixSocket near;
    private final UnixSocket far;
    private final Fd fd;
    private final IoVec vector = new IoVec(16);

    SocketPort() throws IOException {
        Path directory = Files.createTempDirectory("vmm-bench");
        Path address = directory.resolve("port");
        near = UnixSocket.open();
        try (UnixSocket listening = UnixSocket.listen(address.toString(), 1)) {
            near.connect(address);
            far = listening.accept();
        } finally {
            Files.delete(address);
            Files.delete(directory);
        }
        fd = Fd.of(near.fd());
    }

    /** The network's side. */
    UnixSocket far() {
        return far;
    }

    @Override
    public int receive(int pair, ByteBuffer frame) throws IOException {
        vector.clear();
        vector.add(frame);
        long received = fd.readv(vector);
        if (received == Fd.WOULD_BLOCK) {
            return 0;
        }
        frame.position(frame.position() + (int) received);
        return (int) received;
    }

    @Override
    public boolean send(int pair, ByteBuffer[] pieces, int count) throws IOException {
        vector.clear();
        for (int i = 0; i < count; i++) {
            vector.add(pieces[i]);
        }
        return fd.writev(vector) != Fd.WOULD_BLOCK;
    }

    @Override
    public void close() {
        near.close();
        far.close();
    }
}
