package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.function.Consumer;

/** Asks a machine of another process for something, by its {@link ControlServer}; every wait is bounded. Immutable. */
public final class ControlClient {

    private static final Duration CONNECT_TIME = Duration.ofSeconds(10);
    private static final Duration SEND_TIME = Duration.ofSeconds(10);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

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
    public ControlClient(Path path, Duration connectTime, Duration patience) {
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
        return switch (answer.path(ControlMessage.RESULT).asText()) {
            case ControlMessage.DONE -> null;
            case ControlMessage.REFUSED -> throw new IllegalArgumentException(messageOf(answer));
            case ControlMessage.FAILED -> messageOf(answer);
            default -> throw new IOException("the socket " + path + " answers something unknown: " + answer);
        };
    }

    /**
     * How the machine is.
     *
     * @throws NoMachineException when there is none
     * @throws IOException        one line that names the socket: no answer came
     */
    public MachineInfo info() throws IOException {
        ObjectNode answer = done(ControlMessage.INFO);
        ObjectNode value = value(answer);
        if (!MachineInfo.isOne(value)) {
            throw new IOException("the socket " + path + " answers something unknown: " + answer);
        }
        return MachineInfo.of(value);
    }

    /** What the machine has done, as the text of a JSON object; throws as {@link #info}, and {@link ControlRefusedException}. */
    public String stats() throws IOException {
        return value(done(ControlMessage.STATS)).toString();
    }

    /** What the machine has done, in Prometheus' text format; throws as {@link #stats}. */
    public String prometheus() throws IOException {
        return value(done(ControlMessage.PROMETHEUS)).path(ControlMessage.TEXT).asText();
    }

    /** Has the guest stand still; throws as {@link #stats}. */
    public void pause() throws IOException {
        done(ControlMessage.PAUSE);
    }

    /** Has the guest go on; throws as {@link #stats}. */
    public void resume() throws IOException {
        done(ControlMessage.RESUME);
    }

    /**
     * How a machine has ended.
     *
     * @param obeyed  whether the guest has powered off by itself
     * @param message one line for a person
     */
    public record End(boolean obeyed, String message) {
    }

    /**
     * Presses the power button, and has the machine stopped when the guest is not off within {@code atMost}, up to an hour; throws as
     * {@link #stats}. This client's patience is to be longer.
     */
    public End stop(Duration atMost) throws IOException {
        return end(done(ControlMessage.object().put(ControlMessage.ACTION, ControlMessage.STOP).put(ControlMessage.TIMEOUT_MS, (int) atMost.toMillis())));
    }

    /** Stops the machine at once; throws as {@link #stats}. */
    public End kill() throws IOException {
        return end(done(ControlMessage.KILL));
    }

    private static End end(ObjectNode answer) {
        return new End(answer.path(ControlMessage.OBEYED).asBoolean(), messageOf(answer));
    }

    /** Says how large the terminal of the console's client is; throws as {@link #stats}. */
    public void resizeConsole(int columns, int rows) throws IOException {
        done(ControlMessage.object().put(ControlMessage.ACTION, ControlMessage.RESIZE_CONSOLE).put(ControlMessage.COLUMNS, columns)
                .put(ControlMessage.ROWS, rows));
    }

    /**
     * Listens to what happens to the machine until it ends.
     *
     * @param lines told each, the text of a JSON object, on the caller's thread
     * @throws ControlRefusedException when nobody can listen
     * @throws IOException             as {@link #info}
     */
    public void listen(Consumer<String> lines) throws IOException {
        ObjectNode request = ControlMessage.object().put(ControlMessage.ACTION, ControlMessage.EVENTS);
        try (UnixSocket socket = UnixSocket.open()) {
            ControlLines received = new ControlLines(socket);
            ObjectNode answer = begin(socket, request, received);
            requireDone(answer);
            for (String line = received.next(null); line != null; line = received.next(null)) {
                lines.accept(line);
            }
        } catch (ControlRefusedException e) {
            throw e;
        } catch (IOException e) {
            throw named(e);
        }
    }

    /**
     * Has the machine saved; waits as long as that takes. When this process ends, or the thread is kept from reading, the machine gives it up, if that is
     * still possible, and goes on.
     *
     * @param progress told on the caller's thread; also of a refusal
     * @throws NoMachineException when there is none
     * @throws IOException        one line that names the socket: no answer came, or the machine's process has ended meanwhile
     */
    public void snapshot(SnapshotOrder order, SnapshotProgress progress) throws IOException {
        try (UnixSocket socket = UnixSocket.open()) {
            ControlLines received = new ControlLines(socket);
            ObjectNode answer = begin(socket, SnapshotMessages.request(order), received);
            while (!SnapshotMessages.tell(answer, progress)) {
                String line = received.next(null);
                if (line == null) {
                    throw new IOException("it has closed the connection before the snapshot was saved");
                }
                answer = parse(line);
            }
        } catch (IOException e) {
            throw named(e);
        }
    }

    private ObjectNode done(String action) throws IOException {
        return done(ControlMessage.object().put(ControlMessage.ACTION, action));
    }

    private ObjectNode done(ObjectNode request) throws IOException {
        return requireDone(ask(request));
    }

    /** A server may be anybody's: where it says nothing to read, all that it says is shown. */
    static String messageOf(ObjectNode answer) {
        JsonNode message = answer.path(ControlMessage.MESSAGE);
        return message.isTextual() && !message.asText().isBlank() ? message.asText() : "it answers something unknown: " + answer;
    }

    private static ObjectNode requireDone(ObjectNode answer) throws ControlRefusedException {
        if (!answer.path(ControlMessage.RESULT).asText().equals(ControlMessage.DONE)) {
            throw new ControlRefusedException(messageOf(answer));
        }
        return answer;
    }

    private ObjectNode value(ObjectNode answer) throws IOException {
        if (answer.path(ControlMessage.VALUE) instanceof ObjectNode value) {
            return value;
        }
        throw new IOException("the socket " + path + " answers something unknown: " + answer);
    }

    private ObjectNode ask(ObjectNode request) throws IOException {
        try (UnixSocket socket = UnixSocket.open()) {
            return begin(socket, request, new ControlLines(socket));
        } catch (IOException e) {
            throw named(e);
        }
    }

    private ObjectNode begin(UnixSocket socket, ObjectNode request, ControlLines lines) throws IOException {
        connect(socket);
        send(socket, ControlMessage.encode(request));
        String line = lines.next(patience);
        if (line == null) {
            throw new IOException("it has closed the connection without an answer");
        }
        return parse(line);
    }

    private static ObjectNode parse(String line) throws IOException {
        try {
            return ControlMessage.parse(line);
        } catch (IllegalArgumentException e) {
            throw new IOException("the answer is \"" + line + "\": " + e.getMessage(), e);
        }
    }

    private IOException named(IOException e) {
        String message = "no machine answers at the socket " + path + ": " + e.getMessage();
        return e instanceof NoMachineException ? new NoMachineException(message, e) : new IOException(message, e);
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
            switch (e.errno()) {
                case Errno.ENOENT, Errno.ENOTDIR, Errno.ECONNREFUSED -> throw new NoMachineException(whyNotConnected(e), e);
                default -> throw new IOException(whyNotConnected(e), e);
            }
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
                if (socket.send(bytes) == UnixSocket.WOULD_BLOCK && !ControlLines.await(socket, Fd.POLLOUT, true, end)) {
                    throw new IOException("it has not taken the request within " + SEND_TIME.toMillis() + " ms");
                }
            }
        } catch (LinuxException e) {
            if (!ControlLines.isClosedByPeer(e)) {
                throw e;
            }
            // One that refuses without reading all of it may have answered.
        }
    }
}
