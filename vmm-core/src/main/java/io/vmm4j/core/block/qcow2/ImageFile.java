package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.DiskFile;
import io.vmm4j.core.block.Views;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The file of an image as its tables and clusters see it: longer as it is needed to be, and zeros behind its end. Thread-safe as the backend
 * below; the length changes under the image's lock.
 */
final class ImageFile {

    /** By how much a file grows at least: holes, which take no room. */
    private static final long GROWTH = 1 << 20;
    private static final int COPY = 1 << 16;

    private final DiskFile file;
    private final BlkBackend bytes;
    private volatile long length;

    /** @param bytes reads and writes {@code file} */
    ImageFile(DiskFile file, BlkBackend bytes) throws IOException {
        this.file = file;
        this.bytes = bytes;
        this.length = file.size();
    }

    /** Bytes in the file. */
    long length() {
        return length;
    }

    /** Fills {@code target} from byte {@code offset} on, with zeros behind the end. Leaves its position at its limit. */
    void read(ByteBuffer target, long offset) throws IOException {
        int end = target.limit();
        int there = (int) Math.max(0, Math.min(target.remaining(), length - offset));
        int from = target.position();
        if (there > 0) {
            target.limit(from + there);
            bytes.read(new ByteBuffer[] {target}, 1, offset);
        }
        target.limit(end).position(from + there);
        Views.zero(new ByteBuffer[] {target}, 1);
    }

    /** Writes {@code source} to byte {@code offset} and on, in the file as it is long now or behind it. */
    void write(ByteBuffer source, long offset) throws IOException {
        reach(offset + source.remaining());
        bytes.write(new ByteBuffer[] {source}, 1, offset);
    }

    /** Whether it may become longer than it is. */
    boolean canGrow() {
        return !file.isBlockDevice();
    }

    /** Makes the file at least {@code end} bytes long. */
    void reach(long end) throws IOException {
        if (end <= length) {
            return;
        }
        if (file.isBlockDevice()) {
            throw new IOException("No space left: the image needs " + end + " bytes, and its device has " + length);
        }
        long longer = Math.addExact(end, GROWTH - 1) & -GROWTH;
        file.setSize(longer);
        length = longer;
    }

    /** Writes zeros to a range, or makes a hole of it. */
    void zero(long offset, long size) throws IOException {
        reach(offset + size);
        bytes.writeZeroes(offset, size, true);
    }

    /** Writes zeros that have their room in the file system, so that what is written there later cannot fail for want of it. */
    void writeZeroes(long offset, long size) throws IOException {
        ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(size, COPY));
        for (long done = 0; done < size; done += zeroes.limit()) {
            zeroes.clear().limit((int) Math.min(size - done, zeroes.capacity()));
            write(zeroes, offset + done);
        }
    }

    /** Copies a range of the file to another place in it. */
    void copy(long from, long to, long size) throws IOException {
        ByteBuffer part = ByteBuffer.allocateDirect((int) Math.min(size, COPY));
        for (long done = 0; done < size; done += part.limit()) {
            part.clear().limit((int) Math.min(size - done, part.capacity()));
            read(part, from + done);
            write(part.flip(), to + done);
        }
    }

    /** Gives a range's space back where the host can. */
    void discard(long offset, long size) throws IOException {
        long end = Math.min(length, offset + size);
        if (bytes.canDiscard() && offset < end) {
            bytes.discard(offset, end - offset);
        }
    }

    /** Returns once all that was written is on stable storage. */
    void sync() throws IOException {
        bytes.flush();
    }
}
