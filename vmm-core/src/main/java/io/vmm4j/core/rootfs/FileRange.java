package io.vmm4j.core.rootfs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A range of a file as a stream that skips without reading. Does not close the file. Confined to one thread. */
final class FileRange extends InputStream {

    private final FileChannel file;
    private final long end;
    private long position;

    FileRange(FileChannel file, long start, long length) {
        this.file = file;
        this.position = start;
        this.end = start + length;
    }

    /** Where in the file it is. */
    long position() {
        return position;
    }

    @Override
    public int read() throws IOException {
        return OneOctet.of(this);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        int n = position >= end ? -1 : file.read(ByteBuffer.wrap(bytes, offset, (int) Math.min(length, end - position)), position);
        position += Math.max(0, n);
        return n;
    }

    /** What is left: a packed layer of several parts is read on where there is some. */
    @Override
    public int available() {
        return (int) Math.max(0, Math.min(end - position, Integer.MAX_VALUE));
    }

    @Override
    public long skip(long count) {
        long skipped = Math.max(0, Math.min(count, end - position));
        position += skipped;
        return skipped;
    }
}
