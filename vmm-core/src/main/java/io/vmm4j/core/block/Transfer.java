package io.vmm4j.core.block;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.IoVec;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Moves whole requests between an image and memory, however the kernel cuts them. Confined to one thread. */
final class Transfer {

    /** More pieces than a guest's request usually has; what does not fit goes in a second call. */
    private static final int PIECES = 256;

    private final Fd fd;
    private final IoVec vector = new IoVec(PIECES);

    Transfer(DiskFile file) {
        this.fd = file.fd();
    }

    /** Fills the first {@code count} views from byte {@code offset} on; moves their positions to their limits. */
    void read(ByteBuffer[] views, int count, long offset) throws IOException {
        long at = offset;
        for (int first = Views.skipEmpty(views, 0, count); first < count; first = Views.skipEmpty(views, first, count)) {
            Views.fill(vector, views, first, count);
            long length = fd.preadv(vector, at);
            if (length <= 0) {
                throw new EOFException("the image ends before byte " + at);
            }
            Views.advance(views, first, length);
            at += length;
        }
    }

    /** Writes the first {@code count} views to byte {@code offset} and on; moves their positions to their limits. */
    void write(ByteBuffer[] views, int count, long offset) throws IOException {
        long at = offset;
        for (int first = Views.skipEmpty(views, 0, count); first < count; first = Views.skipEmpty(views, first, count)) {
            Views.fill(vector, views, first, count);
            long length = fd.pwritev(vector, at);
            if (length <= 0) {
                throw new IOException("nothing could be written at byte " + at);
            }
            Views.advance(views, first, length);
            at += length;
        }
    }
}
