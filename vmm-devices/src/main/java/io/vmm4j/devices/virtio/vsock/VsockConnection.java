package io.vmm4j.devices.virtio.vsock;

import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One connection: credit both ways, half close, and the packets it has for the guest. The muxer owns its place in the
 * table. Confined to the event loop.
 */
final class VsockConnection implements VsockStream.Listener {

    /** Where a connection is in its life. */
    private enum State {
        /** The host asked, the guest has not answered. */
        REQUESTED,
        /** Both sides talk. */
        OPEN,
        /** Over for the guest; what it sent is still on its way to the host's side. */
        DRAINING,
        /** Over. */
        CLOSED
    }

    private static final int NO_DEADLINE = 0;

    private final VsockMuxer muxer;
    private final VsockStream stream;
    private final long hostPort;
    private final long guestPort;
    private final SendBuffer buffer;
    private State state;

    /** Packets to send that carry nothing; REQUEST and RESPONSE by state, others as flagged. */
    private boolean handshakePending;
    private boolean creditUpdatePending;
    private boolean creditRequested;

    /** Towards the guest: bytes sent, what it said it can hold and has consumed. Counters wrap at 2^32. */
    private int sentCount;
    private long peerBufAlloc;
    private int peerFwdCnt;
    /** From the guest: bytes received, bytes passed on, and the latter as last told. */
    private int receivedCount;
    private int forwardedCount;
    private int toldCount;

    private boolean mayRead;
    /** SHUTDOWN flags: what the guest has said, what it is to be told and what it was told. */
    private int guestShutdown;
    private int hostShutdown;
    private int toldShutdown;
    private boolean isOutputShut;

    private boolean isQueued;
    private int deadlineTick = NO_DEADLINE;

    private VsockConnection(VsockMuxer muxer, VsockStream stream, long hostPort, long guestPort, SendBuffer buffer, State state) {
        this.muxer = muxer;
        this.stream = stream;
        this.hostPort = hostPort;
        this.guestPort = guestPort;
        this.buffer = buffer;
        this.state = state;
        this.handshakePending = true;
    }

    /** A connection that the host asks for. */
    static VsockConnection requested(VsockMuxer muxer, VsockStream stream, long hostPort, long guestPort, SendBuffer buffer) {
        return new VsockConnection(muxer, stream, hostPort, guestPort, buffer, State.REQUESTED);
    }

    /** A connection that the guest asked for and {@code stream} answers. */
    static VsockConnection accepted(VsockMuxer muxer, VsockStream stream, VsockHeader request, SendBuffer buffer) {
        VsockConnection connection = new VsockConnection(muxer, stream, request.dstPort, request.srcPort, buffer, State.OPEN);
        connection.mayRead = true;
        connection.takeCredit(request);
        return connection;
    }

    long key() {
        return ConnectionTable.key(hostPort, guestPort);
    }

    long hostPort() {
        return hostPort;
    }

    long guestPort() {
        return guestPort;
    }

    // The host's side

    @Override
    public void readable() {
        mayRead = true;
        muxer.wake(this);
    }

    @Override
    public void writable() {
        if (state == State.OPEN || state == State.DRAINING) {
            drain();
            muxer.wake(this);
        }
    }

    @Override
    public void hungUp() {
        mayRead = true;
        if (state == State.OPEN) {
            stopReceiving();
        } else {
            muxer.end(this);
        }
        muxer.wake(this);
    }

    // The guest's side

    /**
     * A packet of the guest's; {@code chain} stands at its payload.
     *
     * @return false when the packet breaks a rule, and the connection is to be reset
     */
    boolean receive(VsockHeader header, DescriptorChain chain) {
        takeCredit(header);
        return switch (header.op) {
            case RESPONSE -> established();
            case RW -> state == State.OPEN && receiveData(header, chain);
            case SHUTDOWN -> state == State.OPEN && receiveShutdown(header.flags);
            case CREDIT_UPDATE -> true;
            case CREDIT_REQUEST -> {
                creditUpdatePending = true;
                yield true;
            }
            case REQUEST, RST, UNKNOWN -> false;
        };
    }

    private void takeCredit(VsockHeader header) {
        peerBufAlloc = header.bufAlloc;
        peerFwdCnt = header.fwdCnt;
        creditRequested &= credit() == 0;
    }

    /** Bytes that the guest can take. What it says of its counters may be wrong, then it gets nothing. */
    private int credit() {
        long underWay = Integer.toUnsignedLong(sentCount - peerFwdCnt);
        return (int) Math.max(0, Math.min(VsockConstants.MAX_PAYLOAD, peerBufAlloc - underWay));
    }

    private boolean established() {
        if (state != State.REQUESTED || handshakePending) {
            return false;
        }
        state = State.OPEN;
        deadlineTick = NO_DEADLINE;
        mayRead = true;
        stream.established(hostPort);
        return true;
    }

    private boolean receiveData(VsockHeader header, DescriptorChain chain) {
        boolean isWithinCredit = header.length <= buffer.capacity() - buffer.size();
        boolean isSending = (guestShutdown & VsockConstants.VIRTIO_VSOCK_SHUTDOWN_F_SEND) == 0;
        if (!isWithinCredit || !isSending) {
            return false;
        }
        int left = (int) header.length;
        receivedCount += left;
        muxer.counters().txBytes.add(left);
        for (int i = 0; i < chain.readableCount() && left > 0; i++) {
            ByteBuffer view = chain.readable(i);
            view.limit(view.position() + Math.min(left, view.remaining()));
            left -= view.remaining();
            forward(view);
        }
        noteCredit();
        return true;
    }

    /** Passes data on, as much as the host's side takes, and keeps the rest. */
    private void forward(ByteBuffer data) {
        if (isReceiving() && buffer.size() == 0) {
            try {
                forwardedCount += stream.write(data);
            } catch (IOException e) {
                stopReceiving();
            }
        }
        if (isReceiving()) {
            buffer.append(data);
        } else {
            forwardedCount += data.remaining();
        }
    }

    private boolean isReceiving() {
        return (hostShutdown & VsockConstants.VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE) == 0;
    }

    /** The host's side takes no more: the guest is told, and what it still sends is dropped. */
    private void stopReceiving() {
        hostShutdown |= VsockConstants.VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE;
        forwardedCount += buffer.size();
        buffer.discard();
    }

    private void drain() {
        try {
            forwardedCount += buffer.drainTo(stream);
        } catch (IOException e) {
            stopReceiving();
        }
        noteCredit();
        if (buffer.size() > 0) {
            return;
        }
        if (state == State.DRAINING) {
            muxer.end(this);
        } else {
            shutOutput();
        }
    }

    /** Behind the guest's last byte the host's side finds the end. */
    private void shutOutput() {
        boolean isEnded = (guestShutdown & VsockConstants.VIRTIO_VSOCK_SHUTDOWN_F_SEND) != 0;
        if (isEnded && buffer.size() == 0 && !isOutputShut) {
            isOutputShut = true;
            stream.shutdownOutput();
        }
    }

    /** The guest is told of room once it believes that less than half is left. */
    private void noteCredit() {
        int believedUsed = receivedCount - toldCount;
        creditUpdatePending |= forwardedCount != toldCount && believedUsed > buffer.capacity() / 2;
    }

    /** What the guest has said stays said (section 5.10.6.5). */
    private boolean receiveShutdown(int flags) {
        int added = flags & VsockConstants.SHUTDOWN_BOTH & ~guestShutdown;
        guestShutdown |= added;
        if ((added & VsockConstants.VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE) != 0) {
            stream.shutdownInput();
        }
        shutOutput();
        if (guestShutdown == VsockConstants.SHUTDOWN_BOTH) {
            muxer.finish(this);
        }
        return true;
    }

    /** The guest has left in good order. Returns true when data of it is still to be passed on. */
    boolean linger() {
        state = buffer.size() > 0 && isReceiving() ? State.DRAINING : State.CLOSED;
        return state == State.DRAINING;
    }

    /** The end: memory and stream are given back. */
    void close() {
        state = State.CLOSED;
        buffer.discard();
        stream.close();
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    /** Whether the guest has a part in it that it is to be told the end of. */
    boolean isKnownToGuest() {
        return switch (state) {
            case REQUESTED -> !handshakePending;
            case OPEN -> true;
            case DRAINING, CLOSED -> false;
        };
    }

    /** Whether the guest has not answered yet. */
    boolean isRequested() {
        return state == State.REQUESTED;
    }

    // Packets for the guest

    /** Whether {@link #fill} would find something to say. */
    boolean hasPacket() {
        return switch (state) {
            case REQUESTED -> handshakePending;
            case OPEN -> handshakePending || creditUpdatePending || hostShutdown != toldShutdown || canRead();
            case DRAINING, CLOSED -> false;
        };
    }

    private boolean canRead() {
        boolean isWanted = mayRead && (hostShutdown & VsockConstants.VIRTIO_VSOCK_SHUTDOWN_F_SEND) == 0
            && (guestShutdown & VsockConstants.VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE) == 0;
        return isWanted && (credit() > 0 || !creditRequested);
    }

    /**
     * Makes the next packet.
     *
     * @return false when there turned out to be nothing to say
     * @throws IOException when the host's side broke: the connection is to be reset
     */
    boolean fill(RxPacket packet) throws IOException {
        VsockOp op = handshakePending ? takeHandshake() : null;
        if (op == null && canRead()) {
            op = readData(packet);
        }
        if (op == null) {
            op = takeControl(packet.header);
        }
        if (op == null) {
            return false;
        }
        packet.header.op = op;
        describe(packet.header);
        toldCount = forwardedCount;
        creditUpdatePending = false;
        return true;
    }

    /** Fills in what all packets of the connection say (section 5.10.6.3.2). */
    void describe(VsockHeader header) {
        header.srcPort = hostPort;
        header.dstPort = guestPort;
        header.type = VsockConstants.VIRTIO_VSOCK_TYPE_STREAM;
        header.bufAlloc = buffer.capacity();
        header.fwdCnt = forwardedCount;
    }

    private VsockOp takeHandshake() {
        handshakePending = false;
        return state == State.REQUESTED ? VsockOp.REQUEST : VsockOp.RESPONSE;
    }

    /** Reads from the host's side into the packet; null when nothing came. */
    private VsockOp readData(RxPacket packet) throws IOException {
        int most = credit();
        if (most == 0) {
            creditRequested = true;
            return VsockOp.CREDIT_REQUEST;
        }
        int read = packet.readFrom(stream, most);
        if (read < 0) {
            hostShutdown |= VsockConstants.VIRTIO_VSOCK_SHUTDOWN_F_SEND;
            return null;
        }
        mayRead = !packet.isDry();
        sentCount += read;
        muxer.counters().rxBytes.add(read);
        return read > 0 ? VsockOp.RW : null;
    }

    private VsockOp takeControl(VsockHeader header) {
        if (hostShutdown != toldShutdown) {
            toldShutdown = hostShutdown;
            header.flags = hostShutdown;
            if (hostShutdown == VsockConstants.SHUTDOWN_BOTH) {
                deadlineTick = muxer.deadline();
            }
            return VsockOp.SHUTDOWN;
        }
        return creditUpdatePending ? VsockOp.CREDIT_UPDATE : null;
    }

    // Bookkeeping of the muxer

    /** Gives the guest until {@code tick} to answer the request. */
    void expectAnswer(int tick) {
        deadlineTick = tick;
    }

    boolean hasDeadline() {
        return deadlineTick != NO_DEADLINE;
    }

    boolean isOverdue(int tick) {
        return deadlineTick != NO_DEADLINE && tick - deadlineTick >= 0;
    }

    /** Whether the connection waits for its turn. */
    boolean isQueued() {
        return isQueued;
    }

    void setQueued(boolean queued) {
        isQueued = queued;
    }
}
