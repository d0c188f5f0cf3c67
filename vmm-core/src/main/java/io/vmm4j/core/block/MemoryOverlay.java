package io.vmm4j.core.block;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.StampedLock;

/**
 * A disk over another one that is only read: what is written goes to memory, in blocks of 4 KiB, and is gone with it. The memory is a memfd as
 * long as the disk with the blocks at their own places, so it takes what was written and goes back when the guest discards it; the host may
 * swap it. Once there is none left, writes fail.
 *
 * <p>Any number of overlays may be on one base, see {@link SharedDisk}; one that nobody writes to any more may be a base too.
 *
 * <p>Thread-safe: blocks that are here are read and written without a lock. One that is only written in part comes here whole first, and
 * nothing else that is new comes meanwhile.
 */
public final class MemoryOverlay implements BlkBackend {

    private static final int BLOCK_BITS = 12;
    private static final int BLOCK = 1 << BLOCK_BITS;

    private final BlkBackend base;
    /** Written under the write lock of {@link #arrival}; becomes larger only. */
    private volatile long capacity;
    private final DiskFile file;
    private final DiskBackend memory;
    private final BlockSet present = new BlockSet();
    private final StampedLock arrival = new StampedLock();
    private final ThreadLocal<ViewWindow> windows = ThreadLocal.withInitial(ViewWindow::new);
    private final ThreadLocal<ByteBuffer> blocks = ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BLOCK));

    /**
     * An overlay without changes, as long as {@code base} is now.
     *
     * @param base closed with the overlay, and not by a failure here
     * @throws IOException when the host has no memfd of that length, or {@code base} does not tell its capacity
     */
    public MemoryOverlay(BlkBackend base) throws IOException {
        this.base = base;
        this.capacity = bounded(base.capacity());
        this.file = DiskFile.inMemory("overlay", capacity);
        this.memory = new DiskBackend(file);
    }

    private static long bounded(long capacity) throws IOException {
        if (blocksOf(capacity) > BlockSet.MAX_BLOCKS) {
            throw new IOException("a disk of " + capacity + " bytes is above the " + (BlockSet.MAX_BLOCKS << BLOCK_BITS) + " of an overlay in memory");
        }
        return capacity;
    }

    /** A range that was written, zeroed or discarded. */
    @FunctionalInterface
    public interface ChangeVisitor {
        /** Bytes [offset, offset + length) are the overlay's own. */
        void changed(long offset, long length) throws IOException;
    }

    /** Tells what is not the base's any more, in whole blocks of 4 KiB but for the disk's end, in order. Nobody writes meanwhile. */
    public void visitChanges(ChangeVisitor visitor) throws IOException {
        long end = blocksOf(capacity);
        for (long from = present.next(0, end, true); from < end; from = present.next(from, end, true)) {
            long to = present.next(from, end, false);
            visitor.changed(from << BLOCK_BITS, Math.min(to << BLOCK_BITS, capacity) - (from << BLOCK_BITS));
            from = to;
        }
    }

    /** Whether anything is not the base's any more. */
    boolean isChanged() {
        long end = blocksOf(capacity);
        return present.next(0, end, true) < end;
    }

    /** Bytes that are not the base's any more. Nobody writes meanwhile. */
    long changedBytes() throws IOException {
        long[] bytes = {0};
        visitChanges((offset, length) -> bytes[0] += length);
        return bytes[0];
    }

    /** Forgets all that was written: the disk is as its base again. Nobody reads or writes meanwhile. */
    public void reset() throws IOException {
        present.clear();
        if (capacity > 0) {
            memory.discard(0, capacity);
        }
    }

    /** Bytes of the disk as {@link #capacity} told last. */
    public long size() {
        return capacity;
    }

    /** The base's, once that has become longer: the disk goes on with what is there. It never becomes shorter. */
    @Override
    public long capacity() throws IOException {
        long now = base.capacity();
        if (now > capacity) {
            grow(bounded(now));
        }
        return capacity;
    }

    private void grow(long now) throws IOException {
        long stamp = arrival.writeLock();
        try {
            if (now <= capacity) {
                return;
            }
            file.setSize(now);
            long last = capacity >>> BLOCK_BITS;
            if (present.contains(last)) { // of which the rest was not there yet
                int length = (int) (Math.min(now, last + 1 << BLOCK_BITS) - capacity);
                ByteBuffer[] rest = {blocks.get().clear().limit(length)};
                base.read(rest, 1, capacity);
                rest[0].clear().limit(length);
                memory.write(rest, 1, capacity);
            }
            capacity = now;
        } finally {
            arrival.unlock(stamp);
        }
    }

    /** The base's. */
    @Override
    public String id() {
        return base.id();
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) throws IOException {
        long length = Views.remaining(views, 0, count);
        if (length == 0) {
            return;
        }
        checkRange(offset, length);
        boolean isHere = present.contains(offset >>> BLOCK_BITS);
        long runEnd = runEnd(offset, offset + length, isHere);
        if (runEnd == offset + length) {
            (isHere ? memory : base).read(views, count, offset);
            return;
        }
        ViewWindow window = windows.get();
        window.begin(views, count);
        try {
            long at = offset;
            while (true) {
                ByteBuffer[] piece = window.take(runEnd - at);
                (isHere ? memory : base).read(piece, window.count(), at);
                window.taken();
                if (runEnd == offset + length) {
                    return;
                }
                at = runEnd;
                isHere = present.contains(at >>> BLOCK_BITS);
                runEnd = runEnd(at, offset + length, isHere);
            }
        } finally {
            window.end();
        }
    }

    /** Where, behind the block of {@code at} and not behind {@code end}, the bytes are no longer all here or all not. That block may come here meanwhile. */
    private long runEnd(long at, long end, boolean isHere) {
        return Math.min(end, present.next((at >>> BLOCK_BITS) + 1, blocksOf(end), !isHere) << BLOCK_BITS);
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) throws IOException {
        long length = Views.remaining(views, 0, count);
        if (length == 0) {
            return;
        }
        checkRange(offset, length);
        change(offset, length, () -> memory.write(views, count, offset));
    }

    @FunctionalInterface
    private interface Change {
        void make() throws IOException;
    }

    /** Makes a change of bytes that are here afterwards. */
    private void change(long offset, long length, Change change) throws IOException {
        long first = offset >>> BLOCK_BITS;
        long end = blocksOf(offset + length);
        if (present.next(first, end, false) == end) {
            change.make();
            return;
        }
        boolean isInPart = isInPart(first, end, offset, length);
        long stamp = isInPart ? arrival.writeLock() : arrival.readLock();
        if (!isInPart && isInPart(first, end, offset, length)) { // the disk has become longer meanwhile, and its last block with it
            arrival.unlock(stamp);
            stamp = arrival.writeLock();
            isInPart = true;
        }
        try {
            if (isInPart) {
                bring(first, offset, length);
                bring(end - 1, offset, length);
            }
            change.make();
            present.add(first, end);
        } finally {
            arrival.unlock(stamp);
        }
    }

    /** Whether the first or the last of blocks [first, end) is not here, and [offset, offset + length) has part of it only. */
    private boolean isInPart(long first, long end, long offset, long length) {
        return isPart(first, offset, length) && !present.contains(first) || isPart(end - 1, offset, length) && !present.contains(end - 1);
    }

    /** Whether [offset, offset + length) has some of a block's bytes and not all. */
    private boolean isPart(long block, long offset, long length) {
        long from = block << BLOCK_BITS;
        return offset > from || offset + length < Math.min(capacity, from + BLOCK);
    }

    /** Copies a block from the base if only part of it changes. */
    private void bring(long block, long offset, long length) throws IOException {
        if (!isPart(block, offset, length) || present.contains(block)) {
            return;
        }
        long from = block << BLOCK_BITS;
        int size = (int) Math.min(BLOCK, capacity - from);
        ByteBuffer[] copy = {blocks.get().clear().limit(size)};
        base.read(copy, 1, from);
        copy[0].clear().limit(size);
        memory.write(copy, 1, from);
        present.add(block, block + 1);
    }

    /** Nothing here outlives the machine: done at once. */
    @Override
    public void flush() {
        // What is in memory is as stable as it will be.
    }

    @Override
    public boolean canDiscard() {
        return true;
    }

    /** Whole blocks read as zeros afterwards and take no memory. */
    @Override
    public void discard(long offset, long length) throws IOException {
        checkRange(offset, length);
        long from = blocksOf(offset) << BLOCK_BITS;
        long end = offset + length;
        long to = end == capacity ? end : end & -BLOCK;
        if (from < to) {
            change(from, to - from, () -> memory.discard(from, to - from));
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        if (length == 0) {
            return;
        }
        checkRange(offset, length);
        // Memory that reads as zeros need not be there.
        change(offset, length, () -> memory.writeZeroes(offset, length, true));
    }

    private void checkRange(long offset, long length) throws IOException {
        if (offset < 0 || length < 0 || offset > capacity - length) {
            throw new IOException("bytes [" + offset + ", +" + length + ") are not within the " + capacity + " of the disk");
        }
    }

    /** Blocks that bytes [0, {@code end}) are part of. */
    private static long blocksOf(long end) {
        return end + BLOCK - 1 >>> BLOCK_BITS;
    }

    @Override
    public void close() throws IOException {
        try {
            memory.close();
        } finally {
            base.close();
        }
    }
}
