package io.vmm4j.core.block;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The disk of a machine that goes on from where another stood still: what it writes is in memory, over what was there, and can be undone; and it
 * can stand still itself, for others to go on from.
 *
 * <p>Thread-safe, as {@link MemoryOverlay} is; {@link #freeze} and {@link #reset} while nobody reads or writes.
 */
public final class ForkedDisk implements BlkBackend {

    private static final Logger LOG = LoggerFactory.getLogger(ForkedDisk.class);

    /** More overlays over one another than this become fewer: a read may have to look at each, and each has a descriptor. */
    static final int DEPTH_MAX = 8;
    private static final int COPY = 1 << 18;

    private final SharedDisk origin;
    /** What {@link #top} is over: {@link #origin}, or as the disk was frozen last. */
    private SharedDisk under;
    private volatile MemoryOverlay top;

    /** @param origin closed with this */
    public ForkedDisk(SharedDisk origin) throws IOException {
        this.origin = origin;
        this.under = origin;
        this.top = over(origin);
    }

    private static MemoryOverlay over(SharedDisk disk) throws IOException {
        BlkBackend lease = disk.lease();
        try {
            return new MemoryOverlay(lease);
        } catch (IOException | RuntimeException | Error e) {
            lease.close();
            throw e;
        }
    }

    /**
     * The disk as it is now, which this one goes on over once that is {@linkplain DiskFreeze#commit committed}. When nothing was written since the last
     * time it is the same as then.
     */
    public DiskFreeze freeze() throws IOException {
        if (!top.isChanged()) {
            SharedDisk same = under.share();
            return new DiskFreeze(same, () -> { }, () -> closeQuietly(same));
        }
        SharedDisk above = SharedDisk.of(top, under);
        SharedDisk frozen = above;
        try {
            if (above.depth() > DEPTH_MAX) {
                frozen = merged(above);
            }
            MemoryOverlay next = over(frozen);
            return freeze(above, frozen, next);
        } catch (IOException | RuntimeException | Error e) {
            if (frozen != above) {
                closeQuietly(frozen);
            }
            above.giveBack();
            throw e;
        }
    }

    private DiskFreeze freeze(SharedDisk above, SharedDisk frozen, MemoryOverlay next) {
        SharedDisk nextUnder = frozen.share();
        Runnable commit = () -> {
            SharedDisk before = under;
            top = next;
            under = nextUnder;
            if (frozen != above) {
                closeQuietly(above);
            }
            if (before != origin) {
                closeQuietly(before);
            }
        };
        return new DiskFreeze(frozen, commit, () -> {
            closeQuietly(next);
            closeQuietly(nextUnder);
            if (frozen != above) {
                closeQuietly(frozen);
            }
            above.giveBack();
        });
    }

    /**
     * The same disk with its upmost overlays in one: as many as together do not have more than half of the next one's bytes. So there are few, and a byte
     * is copied seldom.
     */
    private static SharedDisk merged(SharedDisk disk) throws IOException {
        long bytes = disk.changes().changedBytes();
        SharedDisk below = disk.below();
        try {
            int count = 1;
            while (below.depth() > 0 && (count == 1 || below.changes().changedBytes() <= 2 * bytes)) {
                bytes += below.changes().changedBytes();
                count++;
                SharedDisk next = below.below();
                below.close();
                below = next;
            }
            MemoryOverlay all = over(below);
            try {
                copy(disk, count, all);
                return SharedDisk.of(all, below);
            } catch (IOException | RuntimeException | Error e) {
                all.close();
                throw e;
            }
        } finally {
            below.close();
        }
    }

    /** What the upmost {@code count} overlays have, the lowest first. */
    private static void copy(SharedDisk disk, int count, MemoryOverlay target) throws IOException {
        if (count > 1) {
            try (SharedDisk below = disk.below()) {
                copy(below, count - 1, target);
            }
        }
        ByteBuffer[] buffer = {ByteBuffer.allocateDirect(COPY)};
        ByteBuffer zeros = ByteBuffer.allocateDirect(COPY);
        disk.changes().visitChanges((offset, length) -> {
            for (long at = 0; at < length; at += COPY) {
                int piece = (int) Math.min(COPY, length - at);
                disk.changes().read(cleared(buffer, piece), 1, offset + at);
                if (cleared(buffer, piece)[0].equals(zeros.clear().limit(piece))) {
                    target.writeZeroes(offset + at, piece, true);
                } else {
                    target.write(buffer, 1, offset + at);
                }
            }
        });
    }

    private static ByteBuffer[] cleared(ByteBuffer[] buffer, int length) {
        buffer[0].clear().limit(length);
        return buffer;
    }

    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            LOG.warn("a disk's changes in memory were not given back in order: {}", e.getMessage());
        }
    }

    /**
     * Undoes what was written.
     *
     * @param isOrigin since this was made; else since {@link #freeze} was committed last
     */
    public void reset(boolean isOrigin) throws IOException {
        if (!isOrigin || under == origin) {
            top.reset();
            return;
        }
        MemoryOverlay before = top;
        top = over(origin);
        closeQuietly(before);
        closeQuietly(under);
        under = origin;
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
        try {
            top.close();
        } finally {
            try {
                if (under != origin) {
                    under.close();
                }
            } finally {
                origin.close();
            }
        }
    }
}
