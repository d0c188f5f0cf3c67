package io.vmm4j.core.block;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The disk of a machine that goes on from where another stood still: what it writes is in memory, over what was there, and can be undone; and it
 * can stand still itself, for others to go on from.
 *
 * <p>Thread-safe, as {@link MemoryOverlay} is; {@link #freeze} and {@link #reset} while nobody reads or writes.
 */
public final class ForkedDisk implements BlkBackend {

    private final SharedDisk origin;
    private volatile MemoryOverlay top;
    /** Whether {@link #top} is not right over {@link #origin} any more. */
    private boolean isFrozen;

    /** @param base only read, and closed with this and all that went on from here */
    public ForkedDisk(BlkBackend base) throws IOException {
        this.origin = new SharedDisk(base);
        this.top = over(origin);
    }

    private static MemoryOverlay over(SharedDisk disk) throws IOException {
        BlkBackend lease = disk.lease();
        try {
            return new MemoryOverlay(lease);
        } catch (IOException e) {
            lease.close();
            throw e;
        }
    }

    /** The disk as it is now; this one goes on over it. The caller closes it. */
    public SharedDisk freeze() throws IOException {
        SharedDisk frozen = new SharedDisk(top);
        top = over(frozen);
        isFrozen = true;
        return frozen;
    }

    /**
     * Undoes what was written.
     *
     * @param isOrigin since this was made; else since {@link #freeze} was called last
     */
    public void reset(boolean isOrigin) throws IOException {
        if (!isOrigin || !isFrozen) {
            top.reset();
            return;
        }
        MemoryOverlay before = top;
        top = over(origin);
        isFrozen = false;
        before.close();
    }

    @Override
    public long capacity() {
        return top.size(); // as long as it was when it stood still
    }

    @Override
    public String id() {
        return top.id();
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) throws IOException {
        top.read(views, count, offset);
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) throws IOException {
        top.write(views, count, offset);
    }

    @Override
    public void flush() {
        top.flush();
    }

    @Override
    public boolean canDiscard() {
        return true;
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        top.discard(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        top.writeZeroes(offset, length, mayUnmap);
    }

    @Override
    public void close() throws IOException {
        top.close();
        origin.close();
    }
}
