package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.SocketFile;
import io.vmm4j.core.host.StandbyThread;
import io.vmm4j.core.host.Threads;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
 * {"action": "info"}                      also stats: {"result": "done", "value": {...}}
 * {"action": "pause"}                     also resume
 * {"action": "stop", "timeout_ms": 8000}  also kill: {"result": "done", "message": "the guest powered off", "obeyed": true}
 * {"action": "events"}                    {"result": "done"}, and then a line for whatever happens
 * {"action": "snapshot", "directory": …}  {"result": "begun"}, lines of how far it is, and the result in the last
 * </pre>
 *
 * <p>A target may have {@linkplain ControlTarget#actions further ones}.
 *
 * <p>Every client is answered: one that has not sent its request within a minute, that sends too much or something else,
 * and one that comes while {@value #CLIENTS_MAX} are served, too; none disturbs another. {@value #STREAMS_MAX} more may listen. Threads and selector are there
 * from the start, so that a host short of threads or descriptors ends nothing.
 */
public final class ControlServer implements AutoCloseable {

    /** Times and bounds: connections in all, with those that have had their answer; how long a request may take to come. */
    record Limits(int connections, long requestNanos, long lingerNanos, long retryNanos) {
        static final Limits DEFAULT = new Limits(64, TimeUnit.SECONDS.toNanos(60), TimeUnit.SECONDS.toNanos(10),
                TimeUnit.MILLISECONDS.toNanos(100));
    }

    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

    static final int CLIENTS_MAX = 8;
    static final int STREAMS_MAX = 8;
    static final String NO_ROOM = STREAMS_MAX + " other clients are listening";
    private static final long CLOSE_LIMIT_MILLIS = 500;
    private static final int SCRATCH_SIZE = 4096;

    /** An answer that has been found for a client. */
    private record Answer(ControlConnection connection, ControlRequests.Reply reply) {
    }

    private final ControlRequests requests;
    private final Path path;
    private final Limits limits;
    private final SocketFile<ServerSocketChannel> file;
    private final Selector selector;
    /** Takes requests. */
    private final StandbyThread desk;
    /** Does what may take its time. */
    private final StandbyThread work;
    private final Thread thread;
    private final ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();
    private volatile boolean hasNews;
    private volatile boolean closing;

    /* Confined to the thread. */
    private final ByteBuffer scratch = ByteBuffer.allocate(SCRATCH_SIZE);
    /** In the order they came. */
    private final Set<ControlConnection> connections = new LinkedHashSet<>();
    private final SelectionKey acceptKey;
    private long acceptAgainNanos;
    private boolean isAcceptFailureTold;

    private ControlServer(ControlTarget target, Path path, Limits limits, SocketFile<ServerSocketChannel> file, Selector selector, StandbyThread desk,
            StandbyThread work) throws IOException {
        this.requests = new ControlRequests(target, work);
        this.path = path;
        this.limits = limits;
        this.file = file;
        this.selector = selector;
        this.desk = desk;
        this.work = work;
        file.server().configureBlocking(false);
        this.acceptKey = file.server().register(selector, SelectionKey.OP_ACCEPT);
        this.thread = new Thread(this::serveUntilDone, target.nameFor("control"));
        thread.setDaemon(true);
        Threads.start(thread);
    }

    /**
     * Listens at {@code path} until closed. A socket that a dead process left there is replaced.
     *
     * @param target what is controlled; of a machine of this process {@link MachineControl}, or just {@code vm::resizeVcpus}
     * @throws IOException one line that names the path: a live socket or another kind of file is there, the directory is
     *     missing or not writable; or that names what the host lacks
     */
    public static ControlServer open(Path path, ControlTarget target) throws IOException {
        return open(path, target, Limits.DEFAULT);
    }

    static ControlServer open(Path path, ControlTarget target, Limits limits) throws IOException {
        SocketFile<ServerSocketChannel> file = SocketFile.listen(path);
        Selector selector = null;
        StandbyThread desk = null;
        StandbyThread work = null;
        try {
            selector = Selector.open();
            desk = StandbyThread.start(target.nameFor("control-desk"));
            work = StandbyThread.start(target.nameFor("control-work"));
            desk.execute(ControlRequests::rehearse);
            return new ControlServer(target, path, limits, file, selector, desk, work);
        } catch (IOException | RuntimeException e) {
            IOException refusal = e instanceof IOException unnamed ? Shortage.named(unnamed) : null;
            if (desk != null) {
                desk.close();
            }
            if (work != null) {
                work.close();
            }
            if (selector != null) {
                selector.close();
            }
            file.close();
            if (refusal != null) {
                throw refusal;
            }
            throw e;
        }
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

    private void serveUntilDone() {
        boolean isDone = false;
        while (!isDone) {
            try {
                selector.select(millisToWait());
                // An interrupt would end every further wait at once; nobody here has a use for one.
                Thread.interrupted();
                serveOnce();
                connections.removeIf(connection -> connection.phase() == ControlConnection.Phase.CLOSED);
                isDone = closing && connections.stream().noneMatch(ControlConnection::isUnfinished);
            } catch (IOException | RuntimeException | Error e) {
                if (!closing) {
                    LOG.error("the control socket {} is in trouble, and goes on", path, e);
                }
                LockSupport.parkNanos(limits.retryNanos());
            }
        }
        connections.forEach(this::drop);
        desk.close();
        work.close();
        try {
            selector.close();
        } catch (IOException e) {
            LOG.debug("closing a selector: {}", e.getMessage());
        }
    }

    private void serveOnce() {
        Set<SelectionKey> ready = selector.selectedKeys();
        for (SelectionKey key : ready) {
            if (key.attachment() instanceof ControlConnection connection) {
                serve(connection);
            } else {
                accept();
            }
        }
        ready.clear();
        for (Answer answer = answers.poll(); answer != null; answer = answers.poll()) {
            reply(answer.connection(), answer.reply());
        }
        if (hasNews) {
            hasNews = false;
            List.copyOf(connections).stream().filter(ControlConnection::isStreaming)
                    .forEach(connection -> attempt(connection, connection::passNew));
        }
        long now = System.nanoTime();
        List.copyOf(connections).forEach(connection -> endOverdue(connection, now));
        if (isAcceptSuspended() && now - acceptAgainNanos >= 0) {
            acceptKey.interestOps(SelectionKey.OP_ACCEPT);
        }
    }

    /** 0 for no bound, as the selector has it. */
    private long millisToWait() {
        long now = System.nanoTime();
        long wait = Long.MAX_VALUE;
        for (ControlConnection connection : connections) {
            if (connection.hasDeadline()) {
                wait = Math.min(wait, connection.deadlineNanos() - now);
            }
        }
        if (isAcceptSuspended()) {
            wait = Math.min(wait, acceptAgainNanos - now);
        }
        return wait == Long.MAX_VALUE ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(wait) + 1);
    }

    private boolean isAcceptSuspended() {
        return !closing && acceptKey.interestOps() == 0;
    }

    private void accept() {
        try {
            SocketChannel client = file.server().accept();
            if (client != null) {
                admit(client);
            }
        } catch (IOException | RuntimeException | Error e) {
            if (closing) {
                return;
            }
            if (!isAcceptFailureTold) {
                LOG.warn("{}: cannot accept a client: {}", path, e.toString());
            }
            isAcceptFailureTold = true;
            // Such as too many open files: what is lacking does not come back by asking in a loop.
            acceptKey.interestOps(0);
            acceptAgainNanos = System.nanoTime() + limits.retryNanos();
        }
    }

    private void admit(SocketChannel client) throws IOException {
        boolean isAdmitted = connections.stream().filter(ControlConnection::isServed).count() < CLIENTS_MAX;
        if (connections.size() >= limits.connections()) {
            // There is one: those that are served are fewer.
            connections.stream().filter(connection -> !connection.isServed() && !connection.isStreaming()).findFirst().ifPresent(this::drop);
        }
        ControlConnection connection;
        try {
            connection = new ControlConnection(client, selector, scratch, isAdmitted);
        } catch (IOException | RuntimeException | Error e) {
            client.close();
            throw e;
        }
        connection.mustEndBy(System.nanoTime() + limits.requestNanos());
        connections.add(connection);
        if (!isAdmitted) {
            send(connection, ControlMessage.refused(CLIENTS_MAX + " other clients are being served"));
        }
    }

    private void serve(ControlConnection connection) {
        switch (connection.phase()) {
            case RECEIVING -> attempt(connection, () -> receive(connection));
            case SENDING -> attempt(connection, connection::send);
            case STREAMING -> attempt(connection, connection::serveStream);
            case LINGERING -> attempt(connection, connection::forget);
            case WAITING, CLOSED -> { }
        }
    }

    private void receive(ControlConnection connection) throws IOException {
        if (!connection.receive()) {
            return;
        }
        String problem = connection.line().problem();
        if (problem != null) {
            send(connection, ControlMessage.refused(problem));
            return;
        }
        String line = connection.line().text();
        connection.waitForAnswer();
        ControlStream stream = new ControlStream(() -> {
            hasNews = true;
            selector.wakeup();
        });
        boolean hasRoom = streams().size() < STREAMS_MAX || streams().stream().anyMatch(ControlConnection::isHalfClosed);
        desk.execute(() -> requests.answerTo(line, stream, hasRoom).thenAccept(reply -> {
            answers.add(new Answer(connection, reply));
            selector.wakeup();
        }));
    }

    private void reply(ControlConnection connection, ControlRequests.Reply reply) {
        if (reply.stream() == null) {
            send(connection, reply.message());
        } else if (connection.phase() == ControlConnection.Phase.CLOSED) {
            reply.stream().close();
        } else if (!hasRoomForStream()) {
            reply.stream().close();
            boolean isBegun = reply.message().path(ControlMessage.RESULT).asText().equals(ControlMessage.BEGUN);
            send(connection, ControlMessage.answer(isBegun ? ControlMessage.FAILED : ControlMessage.REFUSED, NO_ROOM));
        } else {
            attempt(connection, () -> connection.stream(reply.message(), reply.stream()));
        }
    }

    /** One that has left shows when something is sent to it, so such may still be counted. */
    private boolean hasRoomForStream() {
        List<ControlConnection> streams = streams();
        if (streams.size() < STREAMS_MAX) {
            return true;
        }
        Optional<ControlConnection> left = streams.stream().filter(ControlConnection::isHalfClosed).findFirst();
        left.ifPresent(this::drop);
        return left.isPresent();
    }

    private List<ControlConnection> streams() {
        return connections.stream().filter(ControlConnection::isStreaming).toList();
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Goes on with a client, and drops one that has left. */
    private void attempt(ControlConnection connection, Step step) {
        ControlConnection.Phase before = connection.phase();
        try {
            step.run();
            if (connection.phase() != before && connection.phase() == ControlConnection.Phase.LINGERING) {
                connection.mustEndBy(System.nanoTime() + limits.lingerNanos());
            }
        } catch (IOException | RuntimeException | Error e) {
            LOG.debug("{}: a client left: {}", path, e.toString());
            drop(connection);
        }
    }

    private void send(ControlConnection connection, ObjectNode message) {
        if (connection.phase() != ControlConnection.Phase.CLOSED) {
            connection.mustEndBy(System.nanoTime() + limits.lingerNanos());
            attempt(connection, () -> connection.answer(message));
        }
    }

    private void endOverdue(ControlConnection connection, long now) {
        boolean isReceiving = connection.phase() == ControlConnection.Phase.RECEIVING;
        if (closing) {
            connection.endStreamBy(now + limits.lingerNanos());
        }
        if (isReceiving && closing) {
            send(connection, ControlMessage.refused("the machine has ended"));
        } else if (connection.hasDeadline() && now - connection.deadlineNanos() >= 0) {
            if (isReceiving) {
                send(connection, ControlMessage.refused("no whole request came within " + TimeUnit.NANOSECONDS.toMillis(limits.requestNanos()) + " ms"));
            } else {
                drop(connection);
            }
        }
    }

    private void drop(ControlConnection connection) {
        try {
            connection.close();
        } catch (IOException e) {
            LOG.debug("{}: closing a connection: {}", path, e.getMessage());
        }
    }

    /** Stops listening and removes the socket. Clients that wait get their answers, as they come, also after this is back. */
    @Override
    public void close() {
        closing = true;
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("{}: the socket was not removed: {}", path, e.getMessage());
        }
        selector.wakeup();
        Threads.joinWithin(thread, CLOSE_LIMIT_MILLIS);
    }
}
