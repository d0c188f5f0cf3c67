package io.vmm4j.core.block;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.IoVec;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Moves whole requests between an image and memory, however the kernel cuts them and whatever alignment it wants.
 * Confined to one thread.
 */
final class Transfer {

    /** More pieces than a guest's request usually has; what does not fit goes in a second call. */
    private static final int PIECES = 256;

    private final DiskFile file;
    private final Fd fd;
    private final IoVec vector = new IoVec(PIECES);
    /** For what direct I/O cannot move as it is; made when first needed. */
    private BounceBuffer bounce;

    Transfer(DiskFile file) {
        this.file = file;
        this.fd = file.fd();
    }

    /** Fills the first {@code count} views from byte {@code offset} on; moves their positions to their limits. */
    void read(ByteBuffer[] views, int count, long offset) throws IOException {
        long at = offset;
        for (int first = Views.skipEmpty(views, 0, count); first < count; first = Views.skipEmpty(views, first, count)) {
            Views.fill(vector, views, first, count);
            long length;
            if (DirectIo.isAligned(file, vector, at)) {
                length = fd.preadv(vector, at);
                Views.advance(views, first, Math.max(0, length));
            } else {
                length = bounce().read(views, first, count, at);
            }
            if (length <= 0) {
                throw new EOFException("the image ends before byte " + at);
            }
            at += length;
        }
    }

    /** Writes the first {@code count} views to byte {@code offset} and on; moves their positions to their limits. */
    void write(ByteBuffer[] views, int count, long offset) throws IOException {
        long at = offset;
        for (int first = Views.skipEmpty(views, 0, count); first < count; first = Views.skipEmpty(views, first, count)) {
            Views.fill(vector, views, first, count);
            long length;
            if (DirectIo.isAligned(file, vector, at)) {
                length = fd.pwritev(vector, at);
                Views.advance(views, first, Math.max(0, length));
            } else {
                length = bounce().write(views, first, count, at);
            }
            if (length <= 0) {
                throw new IOException("nothing could be written at byte " + at);
            }
            at += length;
        }
    }

    private BounceBuffer bounce() {
        if (bounce == null) {
            bounce = new BounceBuffer(file);
        }
        return bounce;
    }
}
