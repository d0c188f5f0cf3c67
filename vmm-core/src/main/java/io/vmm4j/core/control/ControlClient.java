package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Asks a machine of another process for something, by its {@link ControlServer}; every wait is bounded. Immutable. */
public final class ControlClient {

    private static final Duration CONNECT_TIME = Duration.ofSeconds(10);
    private static final Duration SEND_TIME = Duration.ofSeconds(10);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int PIECE = 4096;

    private final Path path;
    private final Duration connectTime;
    private final Duration patience;

    /**
     * @param path     of the machine's control socket
     * @param patience how long to wait for the answer
     */
    public ControlClient(Path path, Duration patience) {
        this(path, CONNECT_TIME, patience);
    }

    /** @param connectTime how long to wait for room among those that the machine has not let in yet */
    ControlClient(Path path, Duration connectTime, Duration patience) {
        this.path = path;
        this.connectTime = connectTime;
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
        String failure = carryOut(ControlMessage.object().put(ControlMessage.ACTION, ControlMessage.RESIZE_VCPU).put(ControlMessage.VCPU_COUNT, count));
        if (failure != null) {
            throw new VcpuResizeException(failure);
        }
    }

    /**
     * Has a machine do something about its devices, by an {@linkplain ControlAction action} of its front door's.
     *
     * @param action its name
     * @param fields the rest of the request
     * @throws IllegalArgumentException when the machine refuses the request; the message says why
     * @throws DeviceChangeException    when it has not been done
     * @throws IOException              one line that names the socket: nobody listens there, or no answer came
     */
    public void changeDevices(String action, Map<String, String> fields) throws IOException, DeviceChangeException {
        ObjectNode request = ControlMessage.object().put(ControlMessage.ACTION, action);
        fields.forEach(request::put);
        String failure = carryOut(request);
        if (failure != null) {
            throw new DeviceChangeException(failure);
        }
    }

    /** Why it has failed, or {@code null} when it has not. */
    private String carryOut(ObjectNode request) throws IOException {
        ObjectNode answer = ask(request);
        String message = answer.path(ControlMessage.MESSAGE).asText();
        return switch (answer.path(ControlMessage.RESULT).asText()) {
            case ControlMessage.DONE -> null;
            case ControlMessage.REFUSED -> throw new IllegalArgumentException(message);
            case ControlMessage.FAILED -> message;
            default -> throw new IOException("the socket " + path + " answers something unknown: " + answer);
        };
    }

    private ObjectNode ask(ObjectNode request) throws IOException {
        try (UnixSocket socket = UnixSocket.open()) {
            connect(socket);
            send(socket, ControlMessage.encode(request));
            String line = receive(socket);
            try {
                return ControlMessage.parse(line);
            } catch (IllegalArgumentException e) {
                throw new IOException("the answer is \"" + line + "\": " + e.getMessage(), e);
            }
        } catch (IOException e) {
            throw new IOException("no machine answers at the socket " + path + ": " + e.getMessage(), e);
        }
    }

    private void connect(UnixSocket socket) throws IOException {
        long end = System.nanoTime() + connectTime.toNanos();
        try {
            while (!socket.connect(path)) {
                if (System.nanoTime() - end >= 0) {
                    throw new IOException("others wait there already, and there was no room for one more within " + connectTime.toMillis() + " ms");
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
        } catch (LinuxException e) {
            throw new IOException(whyNotConnected(e), e);
        }
    }

    private String whyNotConnected(LinuxException e) throws IOException {
        return switch (e.errno()) {
            case Errno.ENOENT, Errno.ENOTDIR -> "it does not exist";
            case Errno.EACCES -> "permission denied";
            case Errno.ECONNREFUSED -> isSocket() ? "nobody listens" : "it is not a socket";
            default -> e.getMessage();
        };
    }

    private boolean isSocket() throws IOException {
        try (Fd file = Fd.open(path, Fd.O_PATH)) {
            return file.stat().isSocket();
        }
    }

    private static void send(UnixSocket socket, byte[] message) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(message.length).put(message).flip();
        long end = System.nanoTime() + SEND_TIME.toNanos();
        try {
            while (bytes.hasRemaining()) {
                if (socket.send(bytes) == UnixSocket.WOULD_BLOCK && !await(socket, Fd.POLLOUT, end)) {
                    throw new IOException("it has not taken the request within " + SEND_TIME.toMillis() + " ms");
                }
            }
        } catch (LinuxException e) {
            if (!isClosedByPeer(e)) {
                throw e;
            }
            // One that refuses without reading all of it may have answered.
        }
    }

    private static boolean isClosedByPeer(LinuxException e) {
        return e.errno() == Errno.EPIPE || e.errno() == Errno.ECONNRESET;
    }

    private String receive(UnixSocket socket) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        ControlMessage.Line line = new ControlMessage.Line();
        long end = System.nanoTime() + patience.toNanos();
        boolean isWhole = false;
        while (!isWhole) {
            int read = receive(socket, piece.clear());
            if (read == UnixSocket.WOULD_BLOCK) {
                if (!await(socket, Fd.POLLIN, end)) {
                    throw new IOException("no answer came within " + patience.toMillis() + " ms");
                }
                continue;
            }
            isWhole = read == 0 || line.add(piece.flip());
            if (line.isTooLong()) {
                throw new IOException("the answer is longer than " + ControlMessage.BYTES_MAX + " bytes");
            }
        }
        if (line.isEmpty()) {
            throw new IOException("it has closed the connection without an answer");
        }
        return line.text();
    }

    /** As {@link UnixSocket#receive}; one that has closed the connection without reading all has ended it too. */
    private static int receive(UnixSocket socket, ByteBuffer piece) throws LinuxException {
        try {
            return socket.receive(piece);
        } catch (LinuxException e) {
            if (isClosedByPeer(e)) {
                return 0;
            }
            throw e;
        }
    }

    /** False when the time is up. */
    private static boolean await(UnixSocket socket, int events, long end) throws LinuxException {
        long left = end - System.nanoTime();
        if (left <= 0) {
            return false;
        }
        socket.poll(events, (int) Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(left) + 1));
        return true;
    }
}
