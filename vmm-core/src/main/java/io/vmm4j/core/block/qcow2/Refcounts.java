package io.vmm4j.core.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How often each cluster of the file is referred to: a table of blocks of counts of 1 to 64 bits. Finds clusters that are free, and makes the
 * blocks and the table that it takes to count them. Confined to the image's lock.
 */
final class Refcounts {

    /** Slices of blocks kept: 2,048 counts of 16 bits each. */
    private static final int BLOCK_SLICES = 128;
    private static final int TABLE_SLICES = 64;
    /** Counts looked at for one that is free, before the file is made longer instead. */
    private static final int MOST_LOOKED_AT = 1 << 20;

    private final ImageFile file;
    private final int clusterBits;
    private final int order;
    private final int blockBits;
    private final TableCache blocks;
    private final TableCache table;
    private final HeaderWriter header;
    private long tableOffset;
    private long tableClusters;
    /** No cluster below is free, as far as is known. */
    private long hint;
    /** Clusters from here on never held anything. */
    private long untouched;

    /** Puts the refcount table in its place: both numbers in one write, which is on stable storage when it returns. */
    @FunctionalInterface
    interface HeaderWriter {
        void moveTable(long offset, int clusters) throws IOException;
    }

    Refcounts(ImageFile file, Qcow2Header image, HeaderWriter header) {
        this.file = file;
        this.clusterBits = image.clusterBits();
        this.order = image.refcountOrder();
        this.blockBits = clusterBits + 3 - order;
        this.blocks = new TableCache(file, clusterBits, BLOCK_SLICES, this::writeBlocks);
        this.table = new TableCache(file, clusterBits, TABLE_SLICES, this::writeBack);
        this.header = header;
        this.tableOffset = image.refcountOffset();
        this.tableClusters = image.refcountClusters();
        this.untouched = clustersIn(file.length());
    }

    private long clustersIn(long bytes) {
        return bytes + (1L << clusterBits) - 1 >>> clusterBits;
    }

    private long tableEntries() {
        return tableClusters << clusterBits - 3;
    }

    private void writeBlocks() throws IOException {
        blocks.writeBack();
    }

    /** Writes what was changed, blocks before the table that refers to them. */
    void writeBack() throws IOException {
        blocks.writeBack();
        if (table.isDirty()) {
            file.sync();
            table.writeBack();
        }
    }

    boolean isDirty() {
        return blocks.isDirty() || table.isDirty();
    }

    /** The offset of the block with {@code cluster}'s count, or 0 where all its counts are 0. */
    private long blockOf(long cluster) throws IOException {
        long index = cluster >>> blockBits;
        if (index >= tableEntries()) {
            return 0;
        }
        long entry = table.get(tableOffset + index * Long.BYTES);
        long offset = entry & Qcow2Constants.OFFSET_MASK;
        if (entry != offset || (offset & (1L << clusterBits) - 1) != 0 || offset > 0 && offset >= file.length()) {
            throw new Qcow2Exception("refcount table entry " + index + " is 0x" + Long.toHexString(entry) + ", no cluster of the file");
        }
        return offset;
    }

    private long placeOf(long block, long cluster) {
        long index = cluster & (1L << blockBits) - 1;
        return block + (index << order >>> 3);
    }

    /** How often {@code cluster} is referred to; unsigned. */
    long get(long cluster) throws IOException {
        long block = blockOf(cluster);
        if (block == 0) {
            return 0;
        }
        long place = placeOf(block, cluster);
        return count(blocks.at(place), blocks.index(place), cluster);
    }

    private long count(ByteBuffer slice, int at, long cluster) {
        return switch (order) {
            case 3 -> Byte.toUnsignedLong(slice.get(at));
            case 4 -> Short.toUnsignedLong(slice.getShort(at));
            case 5 -> Integer.toUnsignedLong(slice.getInt(at));
            case 6 -> slice.getLong(at);
            default -> slice.get(at) >>> shift(cluster) & (1 << (1 << order)) - 1;
        };
    }

    /** Of counts that share a byte: the first is in the lowest bits. */
    private int shift(long cluster) {
        return (int) (cluster & (8 >> order) - 1) << order;
    }

    /** Sets a count whose block is there. */
    private void set(long block, long cluster, long value) throws IOException {
        long place = placeOf(block, cluster);
        ByteBuffer slice = blocks.change(place);
        int at = blocks.index(place);
        switch (order) {
            case 3 -> slice.put(at, (byte) value);
            case 4 -> slice.putShort(at, (short) value);
            case 5 -> slice.putInt(at, (int) value);
            case 6 -> slice.putLong(at, value);
            default -> {
                int mask = (1 << (1 << order)) - 1 << shift(cluster);
                slice.put(at, (byte) (slice.get(at) & ~mask | (int) value << shift(cluster)));
            }
        }
    }

    /** Forgets a reference that nothing has. */
    void countNone(long cluster) throws IOException {
        set(blockOf(cluster), cluster, 0);
    }

    /**
     * Finds clusters in a row that are free, and takes them.
     *
     * @param wanted the most of them
     */
    Run allocate(int wanted) throws IOException {
        long cluster = nextFree();
        long block = blockFor(cluster);
        while (block >>> clusterBits == cluster) { // it has become that block itself
            hint = cluster + 1;
            cluster = nextFree();
            block = blockFor(cluster);
        }
        long end = Math.min(cluster + wanted, (cluster >>> blockBits) + 1 << blockBits);
        long next = cluster + 1;
        while (next < end && get(next) == 0) {
            next++;
        }
        file.reach(next << clusterBits);
        for (long taken = cluster; taken < next; taken++) {
            set(block, taken, 1);
        }
        hint = next;
        boolean isUntouched = cluster >= untouched;
        untouched = Math.max(untouched, next);
        return new Run(cluster, (int) (next - cluster), isUntouched);
    }

    /**
     * Clusters that were taken.
     *
     * @param isUntouched whether they never held anything, and so read as zeros
     */
    record Run(long first, int count, boolean isUntouched) {
    }

    private long nextFree() throws IOException {
        long end = clustersIn(file.length());
        long cluster = hint;
        for (int looked = 0; cluster < end && looked < MOST_LOOKED_AT; ) {
            long block = blockOf(cluster);
            if (block == 0) {
                return cluster;
            }
            long place = placeOf(block, cluster);
            ByteBuffer slice = blocks.at(place);
            long sliceEnd = Math.min(end, cluster - (cluster & (1L << blockBits) - 1) + ((place - block | blocks.sliceBytes() - 1) + 1 << 3 >>> order));
            for (; cluster < sliceEnd; cluster++, looked++) {
                if (count(slice, blocks.index(placeOf(block, cluster)), cluster) == 0) {
                    hint = cluster;
                    return cluster;
                }
            }
        }
        hint = cluster;
        if (cluster < end) {
            cluster = end; // most of the file is taken: go on here the next time
        }
        while (get(cluster) != 0) {
            if (cluster++ - end > MOST_LOOKED_AT) {
                throw new Qcow2Exception("clusters behind the end of the file are referred to");
            }
        }
        return cluster;
    }

    /** The block with {@code cluster}'s count; where there is none, {@code cluster}, which is free, becomes it. */
    private long blockFor(long cluster) throws IOException {
        long block = blockOf(cluster);
        if (block != 0) {
            return block;
        }
        if (cluster >>> blockBits >= tableEntries()) {
            growTable(cluster);
            return blockFor(cluster);
        }
        makeBlock(cluster, cluster);
        return cluster << clusterBits;
    }

    /** Has {@code home}, which is free, become the block of {@code cluster}. */
    private void makeBlock(long cluster, long home) throws IOException {
        long offset = home << clusterBits;
        file.writeZeroes(offset, 1L << clusterBits);
        blocks.forget(offset, offset + (1L << clusterBits));
        table.put(tableOffset + (cluster >>> blockBits) * Long.BYTES, offset);
        set(blockOf(home), home, 1);
        untouched = Math.max(untouched, home + 1);
    }

    /** Counts one reference to {@code cluster}, which is in use, and whose block may be missing. */
    void countOne(long cluster) throws IOException {
        while (blockOf(cluster) == 0) {
            if (cluster >>> blockBits >= tableEntries()) {
                growTable(cluster);
                continue;
            }
            // Behind the end of the file nothing is in use, whatever is counted.
            long home = clustersIn(file.length());
            if (blockFor(home) >>> clusterBits != home) {
                makeBlock(cluster, home);
            } else if (home >>> blockBits != cluster >>> blockBits) {
                makeBlock(cluster, home + 1);
            }
        }
        set(blockOf(cluster), cluster, 1);
    }

    /** Moves the table to the end of the file, where it has room for counts of {@code cluster} and of itself. */
    private void growTable(long cluster) throws IOException {
        writeBack();
        long start = Math.max(Math.max(clustersIn(file.length()), untouched), cluster + 1);
        long clusters = tableClusters * 2;
        long firstBlock = start >>> blockBits;
        boolean hasFirst = firstBlock < tableEntries() && blockOf(start) != 0;
        long newBlocks = 0;
        long lastBlock;
        while (true) {
            lastBlock = start + clusters + newBlocks - 1 >>> blockBits;
            long needed = lastBlock - firstBlock + (hasFirst ? 0 : 1);
            long room = clusters << clusterBits - 3;
            if (lastBlock < room && needed <= newBlocks) {
                break;
            }
            newBlocks = Math.max(newBlocks, needed);
            clusters = lastBlock < room ? clusters : clusters + 1;
        }
        if (clusters << clusterBits > Qcow2Header.MAX_REFCOUNT_TABLE_BYTES) {
            throw new IOException("the image would need a refcount table of " + (clusters << clusterBits) + " bytes, above "
                    + Qcow2Header.MAX_REFCOUNT_TABLE_BYTES);
        }
        long bytes = clusters + newBlocks << clusterBits;
        file.writeZeroes(start << clusterBits, bytes);
        file.copy(tableOffset, start << clusterBits, tableClusters << clusterBits);
        blocks.forget(start << clusterBits, (start << clusterBits) + bytes);
        moveTo(start, clusters, hasFirst ? firstBlock + 1 : firstBlock, lastBlock, newBlocks);
    }

    private void moveTo(long start, long clusters, long firstNew, long lastNew, long newBlocks) throws IOException {
        long oldOffset = tableOffset;
        long oldClusters = tableClusters;
        tableOffset = start << clusterBits;
        tableClusters = clusters;
        try {
            long home = start + clusters;
            for (long index = firstNew; index <= lastNew; index++) {
                table.put(tableOffset + index * Long.BYTES, home++ << clusterBits);
            }
            for (long taken = start; taken < start + clusters + newBlocks; taken++) {
                set(blockOf(taken), taken, 1);
            }
            writeBack();
            file.sync();
            header.moveTable(tableOffset, (int) clusters);
        } catch (IOException e) {
            table.forget(tableOffset, tableOffset + (clusters << clusterBits));
            tableOffset = oldOffset;
            tableClusters = oldClusters;
            throw e;
        }
        untouched = Math.max(untouched, start + clusters + newBlocks);
        table.forget(oldOffset, oldOffset + (oldClusters << clusterBits));
        for (long i = 0; i < oldClusters; i++) {
            release((oldOffset >>> clusterBits) + i);
        }
    }

    /** Takes one reference off {@code cluster}; true when it is free now. */
    boolean release(long cluster) throws IOException {
        long count = get(cluster);
        if (count == 0) {
            throw new Qcow2Exception("cluster 0x" + Long.toHexString(cluster << clusterBits) + " is in use and has no reference counted");
        }
        set(blockOf(cluster), cluster, count - 1);
        if (count > 1) {
            return false;
        }
        hint = Math.min(hint, cluster);
        return true;
    }

    /** Whether bytes [from, to) have some of the table. */
    boolean isTable(long from, long to) {
        return from < tableOffset + (tableClusters << clusterBits) && to > tableOffset;
    }

    /** Whether bytes [from, to) have some of a block that is in memory. */
    boolean isKnownBlock(long from, long to) {
        return blocks.hasAny(from, to);
    }

    /** The offset of each block, by its number; 0 where there is none. */
    long block(long index) throws IOException {
        return index >= tableEntries() ? 0 : blockOf(index << blockBits);
    }

    /** Places in the table. */
    long blockCount() {
        return tableEntries();
    }

    /** Counts in a block. */
    long countsInBlock() {
        return 1L << blockBits;
    }

    long tableOffset() {
        return tableOffset;
    }

    long tableClusterCount() {
        return tableClusters;
    }
}
