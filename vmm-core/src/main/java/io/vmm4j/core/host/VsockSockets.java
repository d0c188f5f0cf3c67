package io.vmm4j.core.host;

import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.vsock.VsockHost;
import io.vmm4j.devices.virtio.vsock.VsockStream;
import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guest's sockets as Unix sockets of the host, in the manner of Firecracker.
 *
 * <p>A host program connects to PATH, sends {@code CONNECT PORT\n} and gets {@code OK HOSTPORT\n} once the guest has
 * accepted; it is disconnected when nobody listens there. A connection that the guest makes to PORT of the host goes to
 * the Unix socket PATH_PORT, and is refused when nobody listens there.
 *
 * <p>The file has mode 0600 and is removed by {@link #close}. Confined to the event loop; made before the loop runs and
 * closed after it has ended.
 */
public final class VsockSockets implements VsockHost, AutoCloseable {

    /** The guest's side: where connections of host programs go. */
    @FunctionalInterface
    public interface Guest {
        /**
         * Asks the guest for a connection.
         *
         * @return false when that cannot be now; the stream was not touched
         */
        boolean connect(long guestPort, VsockStream stream);
    }

    /** Times and bounds. */
    record Limits(int handshakes, long handshakeNanos, long connectNanos, long retryNanos) {
        /** A person may type the line. A program on the host that is busy may take a while to accept. */
        static final Limits DEFAULT = new Limits(64, TimeUnit.SECONDS.toNanos(60), TimeUnit.SECONDS.toNanos(2),
                TimeUnit.MILLISECONDS.toNanos(20));
    }

    private static final int BACKLOG = 128;
    private static final Logger LOG = LoggerFactory.getLogger(VsockSockets.class);

    private final EpollEventLoop loop;
    private final Path path;
    private final Limits limits;
    private final SocketFile<UnixSocket> file;
    private final LoopTimer retry;
    private final LoopTimer patience;
    /** In the order they came, which is that of their deadlines. */
    private final Set<VsockHandshake> handshakes = new LinkedHashSet<>();
    private final Set<VsockUnixStream> streams = Collections.newSetFromMap(new IdentityHashMap<>());
    /** Those that wait for room in a host program's backlog. */
    private final Map<VsockUnixStream, Connecting> connecting = new LinkedHashMap<>();
    private final SparseCount refusals = new SparseCount();
    private final SparseCount undelivered = new SparseCount();
    private Guest guest;
    private boolean isAcceptDue;
    private boolean isRetrying;
    private boolean isAcceptFailureTold;

    /** Where a connection of the guest's is to go, and until when that is tried. */
    private record Connecting(Path path, long deadlineNanos) {
    }

    private VsockSockets(EpollEventLoop loop, Path path, Limits limits, SocketFile<UnixSocket> file) throws IOException {
        this.loop = loop;
        this.path = path;
        this.limits = limits;
        this.retry = loop.timer(this::retry);
        this.patience = loop.timer(this::endOverdue);
        this.file = file;
    }

    /**
     * Listens at {@code path}; host programs are let in once {@link #serve} was called. A socket that a dead process left
     * there is replaced.
     *
     * @param loop the device's
     * @throws IOException one line that names the path: a live socket or another kind of file is there, the directory is
     *     missing or not writable
     */
    public static VsockSockets listen(EpollEventLoop loop, Path path) throws IOException {
        return listen(loop, path, Limits.DEFAULT);
    }

    static VsockSockets listen(EpollEventLoop loop, Path path, Limits limits) throws IOException {
        SocketFile<UnixSocket> file = open(path);
        try {
            return new VsockSockets(loop, path, limits, file);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /** As {@link #listen(EpollEventLoop, Path)}, on a socket that {@link #open} has made; closed with this. */
    public static VsockSockets on(EpollEventLoop loop, Path path, SocketFile<UnixSocket> file) throws IOException {
        return new VsockSockets(loop, path, Limits.DEFAULT, file);
    }

    /** The socket by itself: host programs that connect to it wait until a machine has it. */
    public static SocketFile<UnixSocket> open(Path path) throws IOException {
        return SocketFile.listen(path, address -> UnixSocket.listen(address, BACKLOG));
    }

    /** Lets host programs in; called once, before the loop runs or on it. */
    public void serve(Guest newGuest) throws IOException {
        guest = newGuest;
        // Edge triggered: whoever is not let in for now waits without a sound.
        loop.watch(file.server().fd(), Epoll.EPOLLIN | Epoll.EPOLLET, events -> accept());
    }

    // Host programs come

    private void accept() {
        isAcceptDue = true;
        try {
            while (isAcceptDue && handshakes.size() < limits.handshakes()) {
                UnixSocket socket = file.server().accept();
                if (socket == null) {
                    isAcceptDue = false;
                } else {
                    begin(socket);
                }
            }
        } catch (IOException e) {
            if (!isAcceptFailureTold) {
                LOG.warn("{}: cannot let a program in: {}", path, e.getMessage());
            }
            isAcceptFailureTold = true;
            // Such as too many open files: what is lacking does not come back by asking in a loop.
            scheduleRetry();
        }
    }

    private void begin(UnixSocket socket) throws IOException {
        try {
            VsockHandshake handshake = new VsockHandshake(loop, socket, System.nanoTime() + limits.handshakeNanos(), outcome);
            if (handshakes.isEmpty()) {
                patience.arm(limits.handshakeNanos());
            }
            handshakes.add(handshake);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private final VsockHandshake.Listener outcome = new VsockHandshake.Listener() {
        @Override
        public void asked(VsockHandshake handshake, long guestPort) {
            handshakes.remove(handshake);
            VsockUnixStream stream = stream(handshake.socket());
            if (!isConnected(stream) || !guest.connect(guestPort, stream)) {
                stream.close();
            }
            acceptIfDue();
        }

        @Override
        public void failed(VsockHandshake handshake, String reason) {
            long number = refusals.next();
            if (number != 0) {
                LOG.debug("{}: a program was not let in, refusal {}: {}", path, number, reason);
            }
            handshakes.remove(handshake);
            acceptIfDue();
        }
    };

    private void acceptIfDue() {
        if (isAcceptDue) {
            accept();
        }
    }

    private void endOverdue() {
        long now = System.nanoTime();
        while (!handshakes.isEmpty()) {
            VsockHandshake oldest = handshakes.iterator().next();
            long left = oldest.deadlineNanos() - now;
            if (left > 0) {
                patience.arm(left);
                break;
            }
            oldest.close();
            handshakes.remove(oldest);
        }
        acceptIfDue();
    }

    // The guest's connections

    @Override
    public VsockStream connect(long hostPort) throws IOException {
        Path target = path.resolveSibling(path.getFileName() + "_" + hostPort);
        VsockUnixStream stream = stream(UnixSocket.open());
        try {
            if (stream.socket().connect(target)) {
                stream.connected();
            } else {
                connecting.put(stream, new Connecting(target, System.nanoTime() + limits.connectNanos()));
                scheduleRetry();
            }
            return stream;
        } catch (IOException e) {
            stream.close();
            throw e;
        }
    }

    private VsockUnixStream stream(UnixSocket socket) {
        VsockUnixStream stream = new VsockUnixStream(loop, socket, this::forget, undelivered);
        streams.add(stream);
        return stream;
    }

    private void forget(VsockUnixStream stream) {
        streams.remove(stream);
        connecting.remove(stream);
    }

    private boolean isConnected(VsockUnixStream stream) {
        try {
            stream.connected();
            return true;
        } catch (IOException e) {
            long number = refusals.next();
            if (number != 0) {
                LOG.warn("{}: cannot watch a connection, refusal {}: {}", path, number, e.getMessage());
            }
            return false;
        }
    }

    // What is tried again

    private void scheduleRetry() {
        if (!isRetrying) {
            isRetrying = true;
            retry.arm(limits.retryNanos());
        }
    }

    private void retry() {
        isRetrying = false;
        for (VsockUnixStream stream : List.copyOf(connecting.keySet())) {
            Connecting waiting = connecting.get(stream);
            // One that fails may take others along.
            if (waiting != null) {
                tryAgain(stream, waiting);
            }
        }
        if (!connecting.isEmpty()) {
            scheduleRetry();
        }
        acceptIfDue();
    }

    private void tryAgain(VsockUnixStream stream, Connecting waiting) {
        try {
            if (stream.socket().connect(waiting.path())) {
                connecting.remove(stream);
                stream.connected();
            } else if (System.nanoTime() - waiting.deadlineNanos() >= 0) {
                throw new IOException(waiting.path() + ": too many connections wait there");
            }
        } catch (IOException e) {
            connecting.remove(stream);
            stream.failed(e);
        }
    }

    /** Disconnects all and removes the file. */
    @Override
    public void close() throws IOException {
        handshakes.forEach(VsockHandshake::close);
        handshakes.clear();
        List.copyOf(streams).forEach(VsockUnixStream::close);
        retry.close();
        patience.close();
        file.close();
    }
}
