package io.vmm4j.core.block;

import io.vmm4j.kvm.libc.LibC;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Aligned memory between an image opened with O_DIRECT and a guest whose buffers, or whose sectors, are not aligned as
 * that needs. Moves up to 256 KiB a call. Confined to one thread.
 */
final class BounceBuffer {

    private static final int CAPACITY = 1 << 18;

    private final DiskFile file;
    private final int alignment;
    private final ByteBuffer bytes;
    private final long address;

    BounceBuffer(DiskFile file) {
        this.file = file;
        this.alignment = file.alignment();
        this.bytes = ByteBuffer.allocateDirect(CAPACITY + alignment).alignedSlice(alignment);
        this.address = LibC.address(bytes);
    }

    /**
     * Reads from byte {@code offset} on into the views from {@code first} on, and moves their positions.
     *
     * @return the bytes read, above 0
     * @throws EOFException when the image ends before the last of them
     */
    long read(ByteBuffer[] views, int first, int count, long offset) throws IOException {
        int head = head(offset);
        int length = taken(views, first, count, head);
        load(offset - head, head + length);
        bytes.clear().position(head);
        Views.put(views, first, bytes, length);
        return length;
    }

    /** Writes the views from {@code first} on to byte {@code offset} and on, and moves their positions. Returns how many bytes. */
    long write(ByteBuffer[] views, int first, int count, long offset) throws IOException {
        int head = head(offset);
        int length = taken(views, first, count, head);
        int end = head + length;
        if (head == 0 && blocks(end) == end) {
            bytes.clear();
            Views.get(views, first, bytes, length);
            store(offset, end);
            return length;
        }
        // Two queues may write different sectors of one block of the disk.
        synchronized (file.partialBlocks()) {
            load(offset - head, blocks(end));
            bytes.clear().position(head);
            Views.get(views, first, bytes, length);
            store(offset - head, blocks(end));
        }
        return length;
    }

    /** Bytes from the block's beginning to {@code offset}. */
    private int head(long offset) {
        return (int) (offset & alignment - 1);
    }

    private static int taken(ByteBuffer[] views, int first, int count, int head) {
        return (int) Math.min(Views.remaining(views, first, count), CAPACITY - head);
    }

    /** {@code length} rounded up to whole blocks. */
    private int blocks(int length) {
        return (length + alignment - 1) & -alignment;
    }

    /** Reads whole blocks from {@code offset} on until {@code needed} bytes are there. */
    private void load(long offset, int needed) throws IOException {
        int done = 0;
        while (done < needed) {
            long n = file.fd().pread(address + done, blocks(needed) - done, offset + done);
            done += (int) n;
            if (done < needed && (n <= 0 || n % alignment != 0)) {
                throw new EOFException("the image ends before byte " + (offset + done));
            }
        }
    }

    private void store(long offset, int length) throws IOException {
        int done = 0;
        while (done < length) {
            long n = file.fd().pwrite(address + done, length - done, offset + done);
            if (n <= 0 || n % alignment != 0) {
                throw new IOException("only part of a block could be written at byte " + (offset + done));
            }
            done += (int) n;
        }
    }
}
