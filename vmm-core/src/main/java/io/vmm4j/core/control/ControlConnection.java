package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * One client of a control socket: sends a request, waits, gets an answer. After that what else it sends is taken and
 * forgotten for a while: a client that finds its connection closed while it sends would not look for an answer.
 *
 * <p>Confined to the server's thread.
 */
final class ControlConnection {

    /** Where it is. */
    enum Phase {
        RECEIVING,
        WAITING,
        SENDING,
        LINGERING,
        CLOSED
    }

    private static final int FORGOTTEN_MAX = 1 << 20;

    private final SocketChannel channel;
    private final SelectionKey key;
    private final ByteBuffer scratch;
    private final boolean isAdmitted;
    private final ControlMessage.Line line = new ControlMessage.Line();
    private Phase phase = Phase.RECEIVING;
    private ByteBuffer answer;
    private int forgotten;
    private long deadlineNanos;

    /**
     * @param scratch    for what is read, shared by the connections
     * @param isAdmitted whether its request will be looked at
     */
    ControlConnection(SocketChannel channel, Selector selector, ByteBuffer scratch, boolean isAdmitted) throws IOException {
        this.channel = channel;
        this.scratch = scratch;
        this.isAdmitted = isAdmitted;
        channel.configureBlocking(false);
        this.key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    Phase phase() {
        return phase;
    }

    /** Whether it takes the room of a client that is served. */
    boolean isServed() {
        return isAdmitted && isOwed();
    }

    /** Whether it has not had its answer yet. */
    boolean isOwed() {
        return phase == Phase.RECEIVING || phase == Phase.WAITING || phase == Phase.SENDING;
    }

    /** When the present phase has to be over; that of waiting has no such time. */
    long deadlineNanos() {
        return deadlineNanos;
    }

    boolean hasDeadline() {
        return phase != Phase.WAITING && phase != Phase.CLOSED;
    }

    /** For a phase that begins now. */
    void mustEndBy(long nanos) {
        deadlineNanos = nanos;
    }

    /** Takes what has come of the request; returns whether that is all of it. */
    boolean receive() throws IOException {
        boolean isWhole = false;
        while (!isWhole && !line.isTooLong()) {
            int read = channel.read(scratch.clear());
            if (read == 0) {
                return false;
            }
            isWhole = read < 0 || line.add(scratch.flip());
        }
        return true;
    }

    /** The request, or what there is of it. */
    ControlMessage.Line line() {
        return line;
    }

    /** It has said what it wants, and waits. */
    void waitForAnswer() {
        phase = Phase.WAITING;
        key.interestOps(0);
    }

    /** Begins to send the answer, and sends what can be sent now. */
    void answer(ObjectNode message) throws IOException {
        answer = ByteBuffer.wrap(ControlMessage.encode(message));
        phase = Phase.SENDING;
        key.interestOps(SelectionKey.OP_WRITE);
        send();
    }

    /** Sends what can be sent now. */
    void send() throws IOException {
        channel.write(answer);
        if (!answer.hasRemaining()) {
            channel.shutdownOutput();
            phase = Phase.LINGERING;
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    /** Forgets what has come; closes it at its end. */
    void forget() throws IOException {
        int read = channel.read(scratch.clear());
        forgotten += Math.max(read, 0);
        if (read < 0 || forgotten > FORGOTTEN_MAX) {
            close();
        }
    }

    void close() throws IOException {
        phase = Phase.CLOSED;
        channel.close();
    }
}
