package io.vmm4j.devices.virtio.vsock;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** The host's side of a connection, in memory. It keeps to the contract of one-shot notifications. */
final class FakeStream implements VsockStream {

    private final Deque<byte[]> incoming = new ArrayDeque<>();
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private Listener listener;
    private boolean isEnded;
    private boolean readFails;
    private boolean writeFails;
    private boolean isReadArmed;
    private boolean isWriteArmed;
    private long room = Long.MAX_VALUE;
    private long establishedPort = -1;
    private boolean inputShut;
    private boolean outputShut;
    private boolean closed;
    private int reads;

    @Override
    public void open(Listener newListener) {
        listener = newListener;
    }

    @Override
    public void established(long hostPort) {
        establishedPort = hostPort;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        checkUsable();
        reads++;
        if (readFails) {
            throw new IOException("ECONNRESET");
        }
        if (incoming.isEmpty()) {
            isReadArmed = !isEnded;
            return isEnded ? -1 : 0;
        }
        byte[] first = incoming.poll();
        int length = Math.min(first.length, target.remaining());
        target.put(first, 0, length);
        if (length < first.length) {
            incoming.push(Arrays.copyOfRange(first, length, first.length));
        }
        return length;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        checkUsable();
        if (writeFails) {
            throw new IOException("EPIPE");
        }
        int length = (int) Math.min(room, source.remaining());
        byte[] bytes = new byte[length];
        source.get(bytes);
        taken.writeBytes(bytes);
        room -= length;
        isWriteArmed = source.hasRemaining();
        return length;
    }

    @Override
    public void shutdownInput() {
        checkUsable();
        inputShut = true;
    }

    @Override
    public void shutdownOutput() {
        checkUsable();
        if (outputShut) {
            throw new IllegalStateException("the output was shut down before");
        }
        outputShut = true;
    }

    @Override
    public void close() {
        closed = true;
    }

    private void checkUsable() {
        if (closed || listener == null) {
            throw new IllegalStateException("a stream that is not open was used");
        }
    }

    /** The host's program writes. */
    void hostWrites(byte[] bytes) {
        if (bytes.length > 0) {
            incoming.add(bytes);
        }
        notifyReader();
    }

    /** The host's program writes no more. */
    void hostEnds() {
        isEnded = true;
        notifyReader();
    }

    /** The host's program is gone. */
    void hostHangsUp() {
        isEnded = true;
        writeFails = true;
        if (!closed) {
            listener.hungUp();
        }
    }

    void setReadFails() {
        readFails = true;
        notifyReader();
    }

    void setWriteFails() {
        writeFails = true;
        hostReads(0);
    }

    /** The host's program reads so many bytes more. */
    void hostReads(long bytes) {
        room = bytes;
        if (isWriteArmed && !closed) {
            isWriteArmed = false;
            listener.writable();
        }
    }

    private void notifyReader() {
        if (isReadArmed && !closed) {
            isReadArmed = false;
            listener.readable();
        }
    }

    /** An extra notification, which the contract allows. */
    void notifyForNothing() {
        listener.readable();
        listener.writable();
    }

    byte[] taken() {
        return taken.toByteArray();
    }

    long establishedPort() {
        return establishedPort;
    }

    boolean isInputShut() {
        return inputShut;
    }

    boolean isOutputShut() {
        return outputShut;
    }

    boolean isClosed() {
        return closed;
    }

    int reads() {
        return reads;
    }
}
