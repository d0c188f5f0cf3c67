package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.devices.virtio.net.NetOffload;
import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network device's port on a stream socket, as passt and QEMU's {@code -netdev stream} have it: before each frame its length,
 * 32 bits big endian. No offloads, one pair of queues: the device's 12-byte header is taken off and made here.
 *
 * <p>What the socket has is received as much as there is room for at once, so many frames come by one call. A frame that the
 * socket takes a part of is taken: the rest is kept and goes before the next. The socket is watched edge triggered. A frame for which the
 * host has no memory now is dropped, as by any full queue of a network.
 *
 * <p>Once the other side has gone, or sent a length that no frame has, the port is lost for good: nothing is received any more, and
 * what is sent fails.
 *
 * <p>Confined to the event loop, but for the constructor. Allocates nothing per frame.
 */
final class StreamBackend implements NetBackend {

    private static final Logger LOG = LoggerFactory.getLogger(StreamBackend.class);
    private static final String CLOSED = "the other side has closed the connection";

    /** Longest frame that the protocol has, in bytes: QEMU's NET_BUFSIZE. */
    static final int MAX_LENGTH = 69_632;

    private static final int HEADER = 12;
    private static final int NUM_BUFFERS = 10;
    private static final int PREFIX = Integer.BYTES;
    /** A few of the largest frames, or some two hundred of the usual size. */
    private static final int INPUT_SIZE = 4 * (PREFIX + MAX_LENGTH);
    /** What a guard looks at: an Ethernet header and an IPv6 one. */
    private static final int GUARDED = 54;
    /** More pieces than a device hands over at once, and the length. */
    private static final int MAX_PIECES = 130;
    private static final int WATCHED = Epoll.EPOLLIN | Epoll.EPOLLOUT | Epoll.EPOLLRDHUP | Epoll.EPOLLET;

    /** Whether a frame may pass, by its first bytes, from position to limit, big endian. */
    @FunctionalInterface
    interface Guard {
        boolean passes(ByteBuffer head);
    }

    /** Gives a connection what is to be sent, as {@link UnixSocket} does. */
    interface Sender {
        int send(ByteBuffer source) throws LinuxException;

        int send(IoVec vector) throws LinuxException;
    }

    private final UnixSocket socket;
    private final Sender sender;
    private final Guard guard;
    private final Consumer<String> onLoss;
    private final IoVec vector = new IoVec(MAX_PIECES);
    /** Big endian, from position to limit not taken yet. */
    private final ByteBuffer input = ByteBuffer.allocateDirect(INPUT_SIZE).limit(0);
    /** The length and the first bytes of the frame that is sent: copied, as the guest may change what the guard has seen. */
    private final ByteBuffer head = ByteBuffer.allocateDirect(PREFIX + GUARDED);
    /** What a frame that was taken has left, from position to limit. */
    private final ByteBuffer rest = ByteBuffer.allocateDirect(PREFIX + MAX_LENGTH).limit(0);
    /** A frame was refused, and its device waits. */
    private boolean isWaitedFor;
    private boolean isLost;
    /** Null while no driver is there. */
    private Listener listener;

    /**
     * @param loop   the device's, not running yet
     * @param socket connected; the caller closes it when the loop has ended
     * @param sender the socket's side that sends
     * @param guard  decides of each frame that is sent
     * @param onLoss hears once, on the loop, why the port is lost
     * @throws IOException when the host cannot watch the socket
     */
    StreamBackend(EpollEventLoop loop, UnixSocket socket, Sender sender, Guard guard, Consumer<String> onLoss) throws IOException {
        this.socket = socket;
        this.sender = sender;
        this.guard = guard;
        this.onLoss = onLoss;
        loop.watch(socket.fd(), WATCHED, this::wake);
    }

    @Override
    public int queuePairs() {
        return 1;
    }

    @Override
    public Set<NetOffload> offloads() {
        return Set.of();
    }

    @Override
    public void start(Listener newListener) {
        listener = newListener;
    }

    @Override
    public void setOffloads(Set<NetOffload> accepted) {
        // There are none to accept.
    }

    @Override
    public void setActivePairs(int pairs) {
        // There is one.
    }

    private void wake(int events) {
        boolean isOver = (events & (Epoll.EPOLLERR | Epoll.EPOLLHUP | Epoll.EPOLLRDHUP)) != 0;
        if (listener != null && (events & ~Epoll.EPOLLOUT) != 0) {
            listener.readable(0);
        }
        if (isOver) {
            lose(CLOSED);
        }
        if (hasRoom() && isWaitedFor && listener != null) {
            isWaitedFor = false;
            listener.writable(0);
        }
    }

    /** Also where the rest has to wait for memory: who sends next hears of that. */
    private boolean hasRoom() {
        try {
            return flushRest();
        } catch (LinuxException e) {
            LOG.debug("{}", e.getMessage());
            return true;
        }
    }

    /** Ends both ways, by which {@link #wake} is called once more, outside of a call of the device, which may wait for room. */
    private void lose(String why) {
        if (isLost) {
            return;
        }
        isLost = true;
        input.limit(0);
        rest.limit(0);
        try {
            socket.shutdownInput();
            socket.shutdownOutput();
        } catch (LinuxException e) {
            LOG.debug("{}", e.getMessage()); // it has gone itself
        }
        onLoss.accept(why);
    }

    @Override
    public int receive(int pair, ByteBuffer frame) {
        while (!isLost) {
            if (input.remaining() >= PREFIX) {
                long length = Integer.toUnsignedLong(input.getInt(input.position()));
                if (length == 0 || length > MAX_LENGTH) {
                    lose("the other side has sent a frame of " + length + " bytes, which is not in 1.." + MAX_LENGTH);
                    return 0;
                }
                if (input.remaining() >= PREFIX + length) {
                    return take((int) length, frame);
                }
            }
            if (!fill()) {
                return 0;
            }
        }
        return 0;
    }

    /** Writes the header and the frame behind it, as far as there is room. */
    private int take(int length, ByteBuffer frame) {
        int start = frame.position();
        frame.putLong(0).putInt(0).put(start + NUM_BUFFERS, (byte) 1);
        int from = input.position() + PREFIX;
        int room = Math.min(length, frame.remaining());
        frame.put(frame.position(), input, from, room).position(frame.position() + room);
        input.position(from + length);
        return HEADER + room;
    }

    /** Receives more behind what is there. Returns false when there is nothing now. */
    private boolean fill() {
        input.compact();
        try {
            int n = socket.receive(input);
            input.flip();
            if (n == 0) {
                lose(CLOSED);
            }
            return n > 0;
        } catch (LinuxException e) {
            lose(CLOSED + ": " + e.getMessage());
            return false;
        }
    }

    @Override
    public boolean send(int pair, ByteBuffer[] pieces, int count) throws IOException {
        if (isLost) {
            throw new IOException("the connection has ended");
        }
        if (!flushRest()) {
            isWaitedFor = true;
            return false;
        }
        readHead(pieces, count);
        if (!guard.passes(head.position(PREFIX))) {
            return true; // and nobody has it
        }
        gather(pieces, count);
        int sent = sendVector();
        if (sent == UnixSocket.WOULD_BLOCK) {
            isWaitedFor = true;
            return false;
        }
        if (!isLost && sent < vector.totalLength()) {
            keepRest(pieces, count, sent);
        }
        return true;
    }

    /** Takes the frame's length and its first bytes. */
    private void readHead(ByteBuffer[] pieces, int count) throws IOException {
        long length = -HEADER;
        for (int i = 0; i < count; i++) {
            length += pieces[i].remaining();
        }
        if (length < 1 || length > MAX_LENGTH) {
            throw new IOException("a frame of " + length + " bytes is not in 1.." + MAX_LENGTH);
        }
        head.clear().putInt((int) length);
        int left = HEADER;
        for (int i = 0; i < count && head.hasRemaining(); i++) {
            int skipped = Math.min(left, pieces[i].remaining());
            left -= skipped;
            copy(pieces[i], skipped, head);
        }
        head.flip();
    }

    /** As much of {@code piece} behind its first {@code skipped} bytes as there is room for. */
    private static void copy(ByteBuffer piece, int skipped, ByteBuffer target) {
        int length = Math.min(piece.remaining() - skipped, target.remaining());
        target.put(target.position(), piece, piece.position() + skipped, length).position(target.position() + length);
    }

    /** Lays out the head, and the pieces behind it. */
    private void gather(ByteBuffer[] pieces, int count) {
        vector.clear();
        vector.add(head.position(0));
        int left = HEADER + head.limit() - PREFIX;
        for (int i = 0; i < count; i++) {
            int skipped = Math.min(left, pieces[i].remaining());
            left -= skipped;
            if (skipped < pieces[i].remaining()) {
                vector.add(pieces[i], pieces[i].position() + skipped, pieces[i].remaining() - skipped);
            }
        }
    }

    /**
     * Bytes sent, 0 when the port is lost by that, or WOULD_BLOCK.
     *
     * @throws LinuxException when the host has no memory for it now
     */
    private int sendVector() throws LinuxException {
        try {
            return sender.send(vector);
        } catch (LinuxException e) {
            if (isLackOfMemory(e)) {
                throw e;
            }
            lose(CLOSED + ": " + e.getMessage());
            return 0;
        }
    }

    private static boolean isLackOfMemory(LinuxException refusal) {
        return refusal.errno() == Errno.ENOBUFS || refusal.errno() == Errno.ENOMEM;
    }

    /** Copies what follows the first {@code sent} bytes, as the pieces are the guest's again. */
    private void keepRest(ByteBuffer[] pieces, int count, int sent) {
        rest.clear().put(head.position(0));
        int left = HEADER + head.limit() - PREFIX;
        for (int i = 0; i < count; i++) {
            int skipped = Math.min(left, pieces[i].remaining());
            left -= skipped;
            copy(pieces[i], skipped, rest);
        }
        rest.flip().position(sent);
    }

    /**
     * Whether nothing is left of a frame that was taken.
     *
     * @throws LinuxException when the host has no memory for it now; the rest is for the next call
     */
    private boolean flushRest() throws LinuxException {
        try {
            while (rest.hasRemaining()) {
                if (sender.send(rest) == UnixSocket.WOULD_BLOCK) {
                    return false;
                }
            }
        } catch (LinuxException e) {
            if (isLackOfMemory(e)) {
                throw e;
            }
            lose(CLOSED + ": " + e.getMessage());
        }
        return true;
    }

    @Override
    public void stop() {
        listener = null;
        isWaitedFor = false;
    }
}
