package io.vmm4j.core.control;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** What comes over a control socket, line by line. Confined to one thread. */
final class ControlLines {

    private static final int PIECE = 4096;

    private final UnixSocket socket;
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE).limit(0);

    ControlLines(UnixSocket socket) {
        this.socket = socket;
    }

    /**
     * The next line, or what there is of it at the end; {@code null} at the end.
     *
     * @param patience {@code null} to wait without bound
     */
    String next(Duration patience) throws IOException {
        ControlMessage.Line line = new ControlMessage.Line();
        long end = patience == null ? 0 : System.nanoTime() + patience.toNanos();
        boolean isWhole = line.add(piece);
        while (!isWhole) {
            int read = receive();
            if (read == UnixSocket.WOULD_BLOCK) {
                if (!await(socket, Fd.POLLIN, patience != null, end)) {
                    throw new IOException("no answer came within " + patience.toMillis() + " ms");
                }
                continue;
            }
            isWhole = read == 0 || line.add(piece);
            if (line.isTooLong()) {
                throw new IOException("the answer is longer than " + ControlMessage.BYTES_MAX + " bytes");
            }
            if (read == 0 && line.isEmpty()) {
                return null;
            }
        }
        return line.text();
    }

    /** As {@link UnixSocket#receive}; one that has closed the connection without reading all has ended it too. */
    private int receive() throws LinuxException {
        try {
            return socket.receive(piece.clear());
        } catch (LinuxException e) {
            if (isClosedByPeer(e)) {
                return 0;
            }
            throw e;
        } finally {
            piece.flip();
        }
    }

    static boolean isClosedByPeer(LinuxException e) {
        return e.errno() == Errno.EPIPE || e.errno() == Errno.ECONNRESET;
    }

    /** False when the time is up. */
    static boolean await(UnixSocket socket, int events, boolean isBounded, long end) throws LinuxException {
        long left = isBounded ? end - System.nanoTime() : Long.MAX_VALUE;
        if (left <= 0) {
            return false;
        }
        socket.poll(events, isBounded ? (int) Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(left) + 1) : -1);
        return true;
    }
}
