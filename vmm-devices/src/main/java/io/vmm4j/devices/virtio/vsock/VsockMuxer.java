package io.vmm4j.devices.virtio.vsock;

import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All connections of a device: finds the one a packet is for, answers packets that are for none with a reset (virtio 1.2,
 * section 5.10.6), and gives each connection that has something to say its turn. Confined to the event loop.
 */
final class VsockMuxer {

    private static final Logger LOG = LoggerFactory.getLogger(VsockMuxer.class);

    private final long guestCid;
    private final VsockHost host;
    private final Runnable onWork;
    private final VsockCounters counters = new VsockCounters();
    private final ConnectionTable table = new ConnectionTable();
    /** Over for the guest, with data still on its way to the host's side. */
    private final List<VsockConnection> lingering = new ArrayList<>();
    private final ResetQueue resets = new ResetQueue();
    private final Deque<VsockConnection> ready = new ArrayDeque<>(VsockConstants.MAX_CONNECTIONS + 1);
    private final SendBuffer.Pool largeBuffers = new SendBuffer.Pool(VsockConstants.LARGE_BUFFER);
    private final SendBuffer.Pool smallBuffers = new SendBuffer.Pool(VsockConstants.SMALL_BUFFER);
    private final SparseCount refusals = new SparseCount();
    private final SparseCount breaks = new SparseCount();
    private final LoopTimer timer;
    private boolean isTicking;
    private int tick = 1;
    private long nextPort = VsockConstants.FIRST_HOST_PORT;

    /** @param onWork called when the host's side has made packets for the guest */
    VsockMuxer(EventLoop loop, long guestCid, VsockHost host, Runnable onWork) {
        this.guestCid = guestCid;
        this.host = host;
        this.onWork = onWork;
        this.timer = loop.timer(this::tick);
    }

    VsockCounters counters() {
        return counters;
    }

    /** Whether so many resets wait that the guest has to take some before its packets are looked at. */
    boolean isBackedUp() {
        return resets.isBackedUp();
    }

    /** Whether there may be a packet for the guest. */
    boolean hasPacket() {
        return !resets.isEmpty() || !ready.isEmpty();
    }

    /** What outlives connections: ports of the host's side are not used again soon. */
    State saveState() {
        return State.builder().put("nextPort", nextPort).build();
    }

    void restoreState(State state) throws StateException {
        nextPort = state.integer("nextPort", VsockConstants.FIRST_HOST_PORT, VsockConstants.END_HOST_PORT - 1L);
    }

    // From the guest

    /** A packet of the guest's; {@code chain} stands behind the header. */
    void receive(VsockHeader header, DescriptorChain chain) {
        if (header.srcCid != guestCid || header.dstCid != VsockConstants.HOST_CID) {
            counters.malformed.increment();
            return;
        }
        VsockConnection connection = header.type == VsockConstants.VIRTIO_VSOCK_TYPE_STREAM
            ? table.get(ConnectionTable.key(header.dstPort, header.srcPort)) : null;
        if (connection == null) {
            receiveUnknown(header);
        } else if (header.op == VsockOp.RST) {
            leave(connection);
        } else if (!isWhole(header, chain) || !connection.receive(header, chain)) {
            end(connection);
        } else {
            touch(connection);
        }
    }

    private static boolean isWhole(VsockHeader header, DescriptorChain chain) {
        return header.op != VsockOp.RW || header.length <= chain.readableLength() - VsockConstants.HDR_LENGTH;
    }

    private void receiveUnknown(VsockHeader header) {
        boolean isRequest = header.op == VsockOp.REQUEST && header.type == VsockConstants.VIRTIO_VSOCK_TYPE_STREAM;
        boolean isDone = header.op == VsockOp.RST || isRequest && accept(header);
        if (!isDone) {
            counters.refused.add(isRequest ? 1 : 0);
            resets.add(header);
            counters.resets.increment();
        }
    }

    private boolean accept(VsockHeader request) {
        if (isFull()) {
            return false;
        }
        VsockStream stream;
        try {
            stream = host.connect(request.dstPort);
        } catch (IOException e) {
            sparsely(refusals, "vsock: the guest's connection to port {} was refused, number {} of them: {}", request.dstPort, e);
            return false;
        }
        VsockConnection connection = VsockConnection.accepted(this, stream, request, newBuffer());
        add(connection);
        counters.guestConnections.increment();
        stream.open(connection);
        touch(connection);
        return true;
    }

    /** The guest ended the connection, or refused it. */
    private void leave(VsockConnection connection) {
        counters.refused.add(connection.isRequested() ? 1 : 0);
        remove(connection);
        connection.close();
    }

    // From the host's side

    /** Asks the guest for a connection to {@code guestPort}. False when there are too many. */
    boolean connect(long guestPort, VsockStream stream) {
        if (isFull()) {
            counters.refused.increment();
            return false;
        }
        VsockConnection connection = VsockConnection.requested(this, stream, takePort(guestPort), guestPort, newBuffer());
        connection.expectAnswer(deadline());
        add(connection);
        stream.open(connection);
        wake(connection);
        return true;
    }

    /** Ports are used again as late as can be: the other side may not be done with the last connection yet. */
    private long takePort(long guestPort) {
        long port;
        do {
            port = nextPort++;
            if (nextPort == VsockConstants.END_HOST_PORT) {
                nextPort = VsockConstants.FIRST_HOST_PORT;
            }
        } while (table.get(ConnectionTable.key(port, guestPort)) != null);
        return port;
    }

    private boolean isFull() {
        return table.size() + lingering.size() >= VsockConstants.MAX_CONNECTIONS;
    }

    private SendBuffer newBuffer() {
        return new SendBuffer(table.size() + lingering.size() < VsockConstants.LARGE_BUFFERS ? largeBuffers : smallBuffers);
    }

    // Called by connections

    /** The host's side has news. */
    void wake(VsockConnection connection) {
        touch(connection);
        if (hasPacket()) {
            onWork.run();
        }
    }

    /** The guest has left in good order: it is told so at once, and what it sent still goes its way. */
    void finish(VsockConnection connection) {
        addReset(connection);
        remove(connection);
        if (connection.linger()) {
            counters.connections.increment();
            lingering.add(connection);
        } else {
            connection.close();
        }
    }

    /** Ends a connection; the guest is told when it knows of it. */
    void end(VsockConnection connection) {
        if (connection.isClosed()) {
            return;
        }
        if (connection.isKnownToGuest()) {
            addReset(connection);
        }
        counters.refused.add(connection.isRequested() ? 1 : 0);
        remove(connection);
        connection.close();
    }

    /** The tick by which the guest has to answer what is sent now. */
    int deadline() {
        if (!isTicking) {
            isTicking = true;
            timer.arm(TimeUnit.MILLISECONDS.toNanos(VsockConstants.TICK_MILLIS));
        }
        return tick + VsockConstants.TIMEOUT_TICKS;
    }

    // For the guest

    /**
     * Makes the next packet for the guest.
     *
     * @return false when there turned out to be none; {@link #hasPacket} tells whether to try with a fresh buffer
     */
    boolean nextPacket(RxPacket packet) {
        VsockHeader header = packet.header;
        header.srcCid = VsockConstants.HOST_CID;
        header.dstCid = guestCid;
        header.flags = 0;
        if (!resets.isEmpty()) {
            resets.take(header);
            header.op = VsockOp.RST;
            return true;
        }
        while (!ready.isEmpty()) {
            VsockConnection connection = ready.poll();
            connection.setQueued(false);
            try {
                if (connection.fill(packet)) {
                    touch(connection);
                    return true;
                }
            } catch (IOException e) {
                sparsely(breaks, "vsock: host port {} broke, number {} of them: {}", connection.hostPort(), e);
                end(connection);
                return false;
            }
        }
        return false;
    }

    /** The guest can bring these about without end: said now and then. */
    private static void sparsely(SparseCount count, String format, long port, IOException cause) {
        long number = count.next();
        if (number != 0) {
            LOG.debug(format, port, number, cause.toString());
        }
    }

    /** Ends all connections without a word to the guest, which is gone or told otherwise. */
    void closeAll() {
        timer.disarm();
        isTicking = false;
        ready.clear();
        resets.clear();
        table.forEach(connection -> {
            remove(connection);
            connection.close();
        });
        List.copyOf(lingering).forEach(connection -> {
            remove(connection);
            connection.close();
        });
    }

    private void add(VsockConnection connection) {
        table.add(connection);
        counters.connections.increment();
    }

    private void remove(VsockConnection connection) {
        int before = table.size();
        table.remove(connection);
        boolean wasThere = table.size() < before || lingering.remove(connection);
        counters.connections.add(wasThere ? -1 : 0);
        if (connection.isQueued()) {
            connection.setQueued(false);
            ready.remove(connection);
        }
    }

    private void touch(VsockConnection connection) {
        if (!connection.isQueued() && connection.hasPacket()) {
            connection.setQueued(true);
            ready.add(connection);
        }
    }

    private void addReset(VsockConnection connection) {
        resets.add(connection);
        counters.resets.increment();
    }

    private void tick() {
        tick++;
        isTicking = false;
        table.forEach(connection -> {
            if (connection.isOverdue(tick)) {
                end(connection);
            }
        });
        table.forEach(connection -> {
            if (connection.hasDeadline()) {
                deadline();
            }
        });
        if (hasPacket()) {
            onWork.run();
        }
    }
}
