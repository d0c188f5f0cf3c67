package io.vmm4j.devices.virtio.vsock;

import io.vmm4j.devices.memory.LittleEndian;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What a guest has sent and the host's side of the connection has not taken yet. Memory is taken from a pool with the
 * first byte and given back with the last. Confined to the event loop.
 */
final class SendBuffer {

    /** Memory of one size that connections share. As many lie idle as are in use, and a few: what many stuck connections took goes with them. */
    static final class Pool {

        private static final int IDLE = 4;

        private final int length;
        private final Deque<ByteBuffer> free = new ArrayDeque<>();
        private int inUse;

        Pool(int length) {
            this.length = length;
        }

        int length() {
            return length;
        }

        /** Bytes that lie idle. */
        int idleBytes() {
            return length * free.size();
        }

        private ByteBuffer take() {
            inUse++;
            ByteBuffer buffer = free.poll();
            return buffer == null ? LittleEndian.allocateDirect(length) : buffer.clear();
        }

        private void giveBack(ByteBuffer buffer) {
            inUse--;
            free.push(buffer);
            while (free.size() > inUse + IDLE) {
                free.removeLast();
            }
        }
    }

    private final Pool pool;
    /** Position to limit is the data; null when there is none. */
    private ByteBuffer data;

    SendBuffer(Pool pool) {
        this.pool = pool;
    }

    int capacity() {
        return pool.length();
    }

    int size() {
        return data == null ? 0 : data.remaining();
    }

    /** Appends all of {@code source}; there is room. */
    void append(ByteBuffer source) {
        int length = source.remaining();
        if (length == 0) {
            return;
        }
        if (data == null) {
            data = pool.take().limit(0);
        }
        if (data.capacity() - data.limit() < length) {
            data.compact().flip();
        }
        int end = data.limit();
        data.limit(end + length);
        data.put(end, source, source.position(), length);
    }

    /** Writes what the stream takes. Returns the bytes it took. */
    int drainTo(VsockStream stream) throws IOException {
        if (data == null) {
            return 0;
        }
        int written = stream.write(data);
        if (!data.hasRemaining()) {
            discard();
        }
        return written;
    }

    /** Drops what there is. */
    void discard() {
        if (data != null) {
            pool.giveBack(data);
            data = null;
        }
    }
}
