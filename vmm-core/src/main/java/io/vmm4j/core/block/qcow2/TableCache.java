package io.vmm4j.core.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Parts of tables in memory: slices of up to 4 KiB of the file, read when first asked for, written back late, and the one that was not used for
 * longest given up for another. A bounded number, whatever the image is: a few of its own, and more as long as the process has a share for it
 * ({@link TableMemory}). Confined to the image's lock.
 */
final class TableCache {

    /** Bytes of a slice in an image of clusters not smaller. */
    static final int SLICE = 4096;
    /** Slices that any cache may have. */
    private static final int OWN = 16;

    private final ImageFile file;
    private final int sliceBits;
    private final int capacity;
    private final TableMemory memory;
    private final BeforeLoss beforeLoss;
    private final Slice[] buckets;
    private final List<Slice> dirty = new ArrayList<>();
    /** Ends of the row of slices in the order of their use. */
    private Slice newest;
    private Slice oldest;
    private int count;
    /** Slices made beyond {@link #OWN}. */
    private int shared;
    /** In no row: for one who only reads when all others wait to be written and cannot be. */
    private Slice spare;

    /** Has what is to be on disk before a slice be written; writes the slices of the cache too. */
    @FunctionalInterface
    interface BeforeLoss {
        void writeBack() throws IOException;
    }

    /** A part of a table. */
    static final class Slice {
        private final ByteBuffer bytes;
        private long number;
        private boolean isDirty;
        private Slice nextInBucket;
        private Slice newer;
        private Slice older;

        Slice(int size) {
            bytes = ByteBuffer.allocateDirect(size);
        }
    }

    /**
     * @param clusterBits of the image
     * @param slices      the most that are kept
     * @param memory      what those beyond the first 16 are of
     * @param beforeLoss  called when one is to be given up that was changed
     */
    TableCache(ImageFile file, int clusterBits, int slices, TableMemory memory, BeforeLoss beforeLoss) {
        this.file = file;
        this.sliceBits = Math.min(clusterBits, Integer.numberOfTrailingZeros(SLICE));
        this.capacity = slices;
        this.memory = memory;
        this.beforeLoss = beforeLoss;
        this.buckets = new Slice[Integer.highestOneBit(Math.max(1, slices - 1)) * 2];
    }

    private int bucket(long number) {
        return (int) (number * 0x9E37_79B9_7F4A_7C15L >>> 40) & buckets.length - 1;
    }

    /** The bytes of the slice with byte {@code offset} of the file: see {@link #index}. Until the next call of this cache. */
    ByteBuffer at(long offset) throws IOException {
        return slice(offset, false).bytes;
    }

    /** Where byte {@code offset} of the file is in its slice. */
    int index(long offset) {
        return (int) (offset & sliceBytes() - 1);
    }

    int sliceBytes() {
        return 1 << sliceBits;
    }

    /** The entry at byte {@code offset} of the file, a multiple of 8. */
    long get(long offset) throws IOException {
        return at(offset).getLong(index(offset));
    }

    /** Changes the entry at byte {@code offset} of the file. */
    void put(long offset, long entry) throws IOException {
        change(offset).putLong(index(offset), entry);
    }

    /** As {@link #at}, for one who changes it. */
    ByteBuffer change(long offset) throws IOException {
        Slice slice = slice(offset, true);
        if (!slice.isDirty) {
            slice.isDirty = true;
            dirty.add(slice);
        }
        return slice.bytes;
    }

    private Slice slice(long offset, boolean isToChange) throws IOException {
        long number = offset >>> sliceBits;
        if (newest != null && newest.number == number) {
            return newest;
        }
        Slice slice = find(number);
        if (slice == null) {
            return load(number, isToChange);
        }
        unlink(slice);
        linkNewest(slice);
        return slice;
    }

    private Slice find(long number) {
        Slice slice = buckets[bucket(number)];
        while (slice != null && slice.number != number) {
            slice = slice.nextInBucket;
        }
        return slice;
    }

    private Slice load(long number, boolean isToChange) throws IOException {
        Slice slice = mayHaveMore() ? new Slice(sliceBytes()) : takeOldest(isToChange);
        try {
            file.read(slice.bytes.clear(), number << sliceBits);
        } finally {
            slice.bytes.clear();
        }
        if (slice == spare) {
            return slice;
        }
        slice.number = number;
        slice.nextInBucket = buckets[bucket(number)];
        buckets[bucket(number)] = slice;
        linkNewest(slice);
        count++;
        return slice;
    }

    private boolean mayHaveMore() {
        if (count < Math.min(capacity, OWN)) {
            return true;
        }
        if (count >= capacity || count - OWN >= shared && !memory.take()) {
            return false;
        }
        shared = Math.max(shared, count - OWN + 1);
        return true;
    }

    private Slice takeOldest(boolean isToChange) throws IOException {
        Slice slice = oldest;
        if (slice.isDirty) {
            try {
                beforeLoss.writeBack();
            } catch (IOException e) {
                slice = oldestClean();
                if (slice == null && isToChange) {
                    throw e;
                }
            }
        }
        if (slice == null) {
            spare = spare == null ? new Slice(sliceBytes()) : spare;
            return spare;
        }
        remove(slice);
        return slice;
    }

    /** {@code null} without one. */
    private Slice oldestClean() {
        Slice slice = oldest;
        while (slice != null && slice.isDirty) {
            slice = slice.newer;
        }
        return slice;
    }

    /** Gives up what it has of the process's memory; it is not used any more. */
    void close() {
        memory.give(shared);
        shared = 0;
    }

    private void remove(Slice slice) {
        unlink(slice);
        Slice before = buckets[bucket(slice.number)];
        if (before == slice) {
            buckets[bucket(slice.number)] = slice.nextInBucket;
        } else {
            while (before.nextInBucket != slice) {
                before = before.nextInBucket;
            }
            before.nextInBucket = slice.nextInBucket;
        }
        count--;
    }

    private void unlink(Slice slice) {
        if (slice.newer == null) {
            newest = slice.older;
        } else {
            slice.newer.older = slice.older;
        }
        if (slice.older == null) {
            oldest = slice.newer;
        } else {
            slice.older.newer = slice.newer;
        }
        slice.newer = null;
        slice.older = null;
    }

    private void linkNewest(Slice slice) {
        slice.older = newest;
        if (newest == null) {
            oldest = slice;
        } else {
            newest.newer = slice;
        }
        newest = slice;
    }

    boolean isDirty() {
        return !dirty.isEmpty();
    }

    /** Writes all that was changed. What cannot be written stays changed. */
    void writeBack() throws IOException {
        while (!dirty.isEmpty()) {
            Slice slice = dirty.get(dirty.size() - 1);
            write(slice);
            dirty.remove(dirty.size() - 1);
        }
    }

    private void write(Slice slice) throws IOException {
        try {
            file.write(slice.bytes.clear(), slice.number << sliceBits);
        } finally {
            slice.bytes.clear();
        }
        slice.isDirty = false;
    }

    /** Writes what was changed of bytes [from, to) of the file. */
    void writeBack(long from, long to) throws IOException {
        for (long number = from >>> sliceBits; number <= to - 1 >>> sliceBits; number++) {
            Slice slice = find(number);
            if (slice != null && slice.isDirty) {
                write(slice);
                dirty.remove(slice);
            }
        }
    }

    /** Whether part of a table in bytes [from, to) of the file is here. */
    boolean hasAny(long from, long to) {
        for (long number = from >>> sliceBits; number <= to - 1 >>> sliceBits; number++) {
            if (find(number) != null) {
                return true;
            }
        }
        return false;
    }

    /** Forgets what is here of bytes [from, to), which are of no table any more or have been written past the cache. */
    void forget(long from, long to) {
        for (long number = from >>> sliceBits; number <= to - 1 >>> sliceBits; number++) {
            Slice slice = find(number);
            if (slice != null) {
                if (slice.isDirty) {
                    dirty.remove(slice);
                }
                remove(slice);
            }
        }
    }
}
