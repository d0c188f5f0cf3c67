package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.core.host.SocketFile;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control socket of a running machine, a Unix stream socket of mode 0600: one request and one answer a connection,
 * each a JSON object in a line. Requests are dbs-cli's, whose own client does not wait for the answer.
 *
 * <pre>
 * {"action": "resize_vcpu", "vcpu_count": 4}
 * {"result": "done"}
 * {"result": "refused", "message": "vcpu count 9 is not in 1..4"}
 * {"result": "failed", "message": "the guest did not answer ..."}
 * </pre>
 *
 * <p>A client that is slow, sends too much or something else disturbs no other; more than {@value #CLIENTS_MAX} at once
 * are refused.
 */
public final class ControlServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

    static final int CLIENTS_MAX = 8;
    private static final long CLIENT_MILLIS = 5_000;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final IntFunction<CompletableFuture<Void>> resizeVcpus;
    private final Path path;
    private final SocketFile<ServerSocketChannel> file;
    private final Semaphore room = new Semaphore(CLIENTS_MAX);

    private ControlServer(IntFunction<CompletableFuture<Void>> resizeVcpus, Path path, SocketFile<ServerSocketChannel> file) {
        this.resizeVcpus = resizeVcpus;
        this.path = path;
        this.file = file;
    }

    /**
     * Listens at {@code path} until closed. A socket that a dead process left there is replaced.
     *
     * @param resizeVcpus as {@link io.vmm4j.core.Vm#resizeVcpus(int)}; called on threads of the server
     * @throws IOException one line that names the path: a live socket or another kind of file is there, the directory is
     *     missing or not writable
     */
    public static ControlServer open(Path path, IntFunction<CompletableFuture<Void>> resizeVcpus) throws IOException {
        ControlServer server = new ControlServer(resizeVcpus, path, SocketFile.listen(path));
        Thread thread = new Thread(server::acceptUntilClosed, "control");
        thread.setDaemon(true);
        thread.start();
        return server;
    }

    /**
     * Looks whether {@link #open} could listen at {@code path} now; makes nothing.
     *
     * @throws IOException one line that names the path: it is none or too long for a client, or as {@link #open}
     */
    public static void check(String path) throws IOException {
        int length = path.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > UnixSocket.MAX_ADDRESS) {
            throw new IOException("socket path \"" + path + "\" of " + length + " bytes is not 1 to " + UnixSocket.MAX_ADDRESS + " bytes long");
        }
        try {
            SocketFile.requireFree(Path.of(path));
        } catch (InvalidPathException e) {
            throw new IOException("\"" + path + "\" cannot be a path here: " + e.getReason(), e);
        }
    }

    private void acceptUntilClosed() {
        while (file.server().isOpen()) {
            try {
                serve(file.server().accept());
            } catch (IOException e) {
                if (file.server().isOpen()) {
                    LOG.debug("{}: cannot accept a client: {}", path, e.getMessage());
                    // Such as too many open files: what is lacking does not come back by asking in a loop.
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
        }
    }

    private void serve(SocketChannel client) {
        boolean admitted = room.tryAcquire();
        Thread thread = new Thread(() -> {
            try (client) {
                ObjectNode answer = admitted ? answerTo(ControlMessage.receive(client, CLIENT_MILLIS))
                        : refused(CLIENTS_MAX + " other clients are being served");
                ControlMessage.send(client, answer, CLIENT_MILLIS);
            } catch (IOException e) {
                LOG.debug("{}: a client left: {}", path, e.toString());
            } finally {
                if (admitted) {
                    room.release();
                }
            }
        }, "control-client");
        thread.setDaemon(true);
        thread.start();
    }

    private ObjectNode answerTo(String line) {
        ObjectNode request = ControlMessage.parse(line).orElse(null);
        if (request == null) {
            return refused("a request is a JSON object in one line");
        }
        JsonNode action = request.path(ControlMessage.ACTION);
        if (!action.asText().equals(ControlMessage.RESIZE_VCPU)) {
            return refused("unknown action " + action + ", known is \"" + ControlMessage.RESIZE_VCPU + "\"");
        }
        JsonNode count = request.path(ControlMessage.VCPU_COUNT);
        if (!count.isInt()) {
            return refused(ControlMessage.VCPU_COUNT + " must be a whole number, and is " + (count.isMissingNode() ? "missing" : count));
        }
        return resize(count.intValue());
    }

    private ObjectNode resize(int count) {
        LOG.info("asked for {} vCPUs", count);
        try {
            resizeVcpus.apply(count).get();
            return ControlMessage.answer(ControlMessage.DONE, null);
        } catch (IllegalArgumentException | IllegalStateException e) {
            return refused(e.getMessage());
        } catch (ExecutionException e) {
            return ControlMessage.answer(ControlMessage.FAILED, e.getCause().getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ControlMessage.answer(ControlMessage.FAILED, "interrupted");
        }
    }

    private static ObjectNode refused(String message) {
        return ControlMessage.answer(ControlMessage.REFUSED, message);
    }

    /** Stops listening and removes the socket. Clients that are being served get their answers. */
    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("{}: the socket was not removed: {}", path, e.getMessage());
        }
    }
}
