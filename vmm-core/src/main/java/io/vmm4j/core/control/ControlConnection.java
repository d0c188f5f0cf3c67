package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * One client of a control socket: sends a request, waits, gets an answer, and where it wants to listen what follows that. After that what else it sends is taken and
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
        /** Its answer is followed by what happens, for as long as it likes. */
        STREAMING,
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
    private ControlStream stream;
    private boolean isHalfClosed;
    private boolean isEnding;

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
    private boolean isOwed() {
        return phase == Phase.RECEIVING || phase == Phase.WAITING || phase == Phase.SENDING;
    }

    /** Whether it has not had all that it is to have. */
    boolean isUnfinished() {
        return isOwed() || phase == Phase.STREAMING;
    }

    boolean isStreaming() {
        return phase == Phase.STREAMING;
    }

    /** Whether it sends no more, as one that has left does, and also one that listens only. */
    boolean isHalfClosed() {
        return isHalfClosed;
    }

    /** When the present phase has to be over; that of waiting has no such time, and that of streaming from the server's end on. */
    long deadlineNanos() {
        return deadlineNanos;
    }

    boolean hasDeadline() {
        return phase != Phase.WAITING && phase != Phase.CLOSED && (phase != Phase.STREAMING || isEnding);
    }

    /** The server ends, so streaming has to be over by {@code nanos}, if that was not said before. */
    void endStreamBy(long nanos) {
        if (phase == Phase.STREAMING && !isEnding) {
            isEnding = true;
            deadlineNanos = nanos;
        }
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

    /** Begins to send the answer and what follows it. */
    void stream(ObjectNode message, ControlStream following) throws IOException {
        answer = ByteBuffer.wrap(ControlMessage.encode(message));
        stream = following;
        phase = Phase.STREAMING;
        pass();
    }

    /** Sends what can be sent now of what it listens to. */
    private void pass() throws IOException {
        while (answer != null) {
            channel.write(answer);
            if (answer.hasRemaining()) {
                key.interestOps(reading() | SelectionKey.OP_WRITE);
                return;
            }
            answer = stream.next();
        }
        if (stream.isOver()) {
            channel.shutdownOutput();
            phase = Phase.LINGERING;
        }
        key.interestOps(reading());
    }

    /** Reads what it sends, and sends what waits for it. */
    void serveStream() throws IOException {
        if (key.isReadable()) {
            forgetWhileStreaming();
        }
        if (phase == Phase.STREAMING && key.isWritable()) {
            pass();
        }
    }

    /** Looks for more to send to one that listens. */
    void passNew() throws IOException {
        if (answer == null) {
            answer = stream.next();
            pass();
        }
    }

    private int reading() {
        return isHalfClosed ? 0 : SelectionKey.OP_READ;
    }

    /** Forgets what one that listens has sent behind its request. */
    private void forgetWhileStreaming() throws IOException {
        int read = channel.read(scratch.clear());
        forgotten += Math.max(read, 0);
        if (forgotten > FORGOTTEN_MAX) {
            close();
        } else if (read < 0) {
            // It may have left, and may still read: the next line shows.
            isHalfClosed = true;
            key.interestOps(key.interestOps() & ~SelectionKey.OP_READ);
        }
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
        if (stream != null) {
            stream.close();
        }
        channel.close();
    }
}
