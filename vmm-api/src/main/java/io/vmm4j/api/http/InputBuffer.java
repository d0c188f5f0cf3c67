package io.vmm4j.api.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import org.apache.hc.core5.http.nio.SessionInputBuffer;
import org.apache.hc.core5.util.CharArrayBuffer;

/**
 * What has come in on a connection and was not parsed yet, as HttpCore's parser takes it. Lines end with CR LF and have
 * at most {@value #LINE_MAX} bytes with it, as at Firecracker.
 */
final class InputBuffer implements SessionInputBuffer {

    static final int LINE_MAX = 1024;
    private static final int CAPACITY = 8 * LINE_MAX;

    private final ByteBuffer bytes = ByteBuffer.allocate(CAPACITY).limit(0);

    @Override
    public boolean hasData() {
        return bytes.hasRemaining();
    }

    @Override
    public int length() {
        return bytes.remaining();
    }

    /** Reads what there is and room for. */
    @Override
    public int fill(ReadableByteChannel channel) throws IOException {
        bytes.compact();
        try {
            return channel.read(bytes);
        } finally {
            bytes.flip();
        }
    }

    @Override
    public int read() {
        return bytes.hasRemaining() ? Byte.toUnsignedInt(bytes.get()) : -1;
    }

    @Override
    public int read(ByteBuffer target, int atMost) {
        int length = Math.min(Math.min(atMost, target.remaining()), bytes.remaining());
        target.put(target.position(), bytes, bytes.position(), length);
        target.position(target.position() + length);
        bytes.position(bytes.position() + length);
        return length;
    }

    @Override
    public int read(ByteBuffer target) {
        return read(target, target.remaining());
    }

    @Override
    public int read(WritableByteChannel target, int atMost) throws IOException {
        int written = target.write(bytes.slice(bytes.position(), Math.min(atMost, bytes.remaining())));
        bytes.position(bytes.position() + written);
        return written;
    }

    @Override
    public int read(WritableByteChannel target) throws IOException {
        return read(target, bytes.remaining());
    }

    @Override
    public boolean readLine(CharArrayBuffer line, boolean endOfStream) throws IOException {
        int start = bytes.position();
        int last = Math.min(bytes.limit(), start + LINE_MAX) - 1;
        for (int at = start; at < last; at++) {
            if (bytes.get(at) == '\r' && bytes.get(at + 1) == '\n') {
                line.append(bytes.array(), start, at - start);
                bytes.position(at + 2);
                return true;
            }
        }
        if (bytes.remaining() >= LINE_MAX) {
            throw new LineTooLong(new String(bytes.array(), start, LINE_MAX, StandardCharsets.UTF_8));
        }
        return false;
    }

    /** Whether the next line is there and has nothing. */
    boolean startsWithEmptyLine() {
        return bytes.remaining() >= 2 && bytes.get(bytes.position()) == '\r' && bytes.get(bytes.position() + 1) == '\n';
    }

    /** Drops up to {@code atMost} bytes and returns how many. */
    long skip(long atMost) {
        int length = (int) Math.min(atMost, bytes.remaining());
        bytes.position(bytes.position() + length);
        return length;
    }

    /** Drops everything. */
    void clear() {
        bytes.position(bytes.limit());
    }

    /** A line does not end where it has to. */
    static final class LineTooLong extends IOException {
        private static final long serialVersionUID = 1;

        /** @param line how it begins */
        LineTooLong(String line) {
            super(line);
        }
    }
}
