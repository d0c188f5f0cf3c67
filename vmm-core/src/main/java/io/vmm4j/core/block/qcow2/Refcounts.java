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
    /** Counts looked at for one that is free, before the file is made longer instead: those of 4 GiB in clusters of 64 KiB. */
    private static final int MOST_LOOKED_AT = 1 << 16;
    /** Clusters that a file may have counted behind its end. */
    private static final int MOST_BEHIND = 1 << 20;

    private final ImageFile file;
    private final int clusterBits;
    private final int order;
    private final int blockBits;
    private final CountWidth counts;
    private final TableCache blocks;
    private final TableCache table;
    private final HeaderFile header;
    private final TableSet known;
    private final DataRanges data;
    private long tableOffset;
    private long tableClusters;
    /** Became free, and may have been taken again. */
    private final FreeClusters freed = new FreeClusters();
    /** No cluster below is free, as far as is known, but for those of {@link #freed}. */
    private long hint;
    /** Clusters from here on never held anything. */
    private long untouched;

    /** @param known has the blocks */
    Refcounts(ImageFile file, Qcow2Header image, HeaderFile header, TableSet known, DataRanges data, TableMemory memory) {
        this.file = file;
        this.clusterBits = image.clusterBits();
        this.order = image.refcountOrder();
        this.blockBits = clusterBits + 3 - order;
        this.counts = new CountWidth(order);
        this.blocks = new TableCache(file, clusterBits, BLOCK_SLICES, memory, this::writeBlocks);
        this.table = new TableCache(file, clusterBits, TABLE_SLICES, memory, this::writeBack);
        this.header = header;
        this.known = known;
        this.data = data;
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

    /** It is not used any more. */
    void close() {
        blocks.close();
        table.close();
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
        return counts.get(blocks.at(place), blocks.index(place), cluster);
    }

    /** Sets a count whose block is there. */
    private void set(long block, long cluster, long value) throws IOException {
        long place = placeOf(block, cluster);
        counts.put(blocks.change(place), blocks.index(place), cluster, value);
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
        long cluster = nextToTake();
        long block = blockFor(cluster);
        while (block >>> clusterBits == cluster) { // it has become that block itself
            cluster = nextToTake();
            block = blockFor(cluster);
        }
        long end = Math.min(cluster + wanted, (cluster >>> blockBits) + 1 << blockBits);
        long next = cluster + 1;
        while (next < end && get(next) == 0) {
            next++;
        }
        file.reach(next << clusterBits);
        take(block, cluster, next);
        if (hint >= cluster && hint < next) {
            hint = next;
        }
        boolean isUntouched = cluster >= untouched;
        untouched = Math.max(untouched, next);
        return new Run(cluster, (int) (next - cluster), isUntouched);
    }

    /** All or none. */
    private void take(long block, long first, long end) throws IOException {
        long taken = first;
        try {
            for (; taken < end; taken++) {
                set(block, taken, 1);
            }
        } catch (IOException e) {
            uncount(first, taken);
            throw e;
        }
    }

    /**
     * Clusters that were taken.
     *
     * @param isUntouched whether they never held anything, and so read as zeros
     */
    record Run(long first, int count, boolean isUntouched) {
    }

    /** As {@link #nextFree}. The block of counts that says it is free is not it, nor is the header. */
    private long nextToTake() throws IOException {
        long cluster = nextFree();
        if (blockOf(cluster) == cluster << clusterBits) {
            throw notFree(cluster);
        }
        return cluster;
    }

    private Qcow2Exception notFree(long cluster) {
        return new Qcow2Exception("cluster 0x" + Long.toHexString(cluster << clusterBits) + " has no reference counted, and there are tables");
    }

    private long nextFree() throws IOException {
        long cluster = nextFreed();
        if (cluster >= 0) {
            return cluster;
        }
        long end = Math.min(clustersIn(file.length()), untouched);
        int looked = 0;
        while (hint < end && (looked < MOST_LOOKED_AT || !file.canGrow())) {
            long block = blockOf(hint);
            if (block == 0) {
                return hint;
            }
            long place = placeOf(block, hint);
            ByteBuffer slice = blocks.at(place);
            long sliceEnd = Math.min(end, hint - (hint & (1L << blockBits) - 1) + ((place - block | blocks.sliceBytes() - 1) + 1 << 3 >>> order));
            for (; hint < sliceEnd; hint++, looked++) {
                if (counts.get(slice, blocks.index(placeOf(block, hint)), hint) == 0) {
                    return hint;
                }
            }
        }
        // Where most of the file is taken, the next one goes on with the search.
        for (cluster = Math.max(end, untouched); get(cluster) != 0; cluster++) {
            if (cluster - end > MOST_BEHIND) {
                throw new Qcow2Exception("clusters behind the end of the file are referred to");
            }
        }
        return cluster;
    }

    /** One of those that became free last and still are; -1 without one. */
    private long nextFreed() throws IOException {
        while (freed.size() > 0) {
            int last = freed.size() - 1;
            if (get(freed.first(last)) == 0) {
                return freed.first(last);
            }
            freed.dropFirst();
        }
        return -1;
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
        if (!data.isForData(offset, 1L << clusterBits)) {
            throw notFree(home);
        }
        file.writeZeroes(offset, 1L << clusterBits);
        blocks.forget(offset, offset + (1L << clusterBits));
        long counted = home >>> blockBits == cluster >>> blockBits ? offset : blockOf(home);
        blocks.change(placeOf(counted, home)); // lest a failure leave the block without its own count
        try {
            table.put(tableOffset + (cluster >>> blockBits) * Long.BYTES, offset);
        } catch (IOException e) {
            blocks.forget(offset, offset + (1L << clusterBits)); // it is no block
            throw e;
        }
        set(counted, home, 1);
        known.add(home);
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
        long firstBlock = start >>> blockBits;
        boolean hasFirst = firstBlock < tableEntries() && blockOf(start) != 0;
        TableRoom room = TableRoom.of(start, tableClusters, hasFirst ? firstBlock + 1 : firstBlock, clusterBits, blockBits);
        long bytes = room.all() << clusterBits;
        untouched = Math.max(untouched, start + room.all());
        file.writeZeroes(start << clusterBits, bytes);
        file.copy(tableOffset, start << clusterBits, tableClusters << clusterBits);
        blocks.forget(start << clusterBits, (start << clusterBits) + bytes);
        moveTo(start, room.clusters(), room.firstNew(), room.lastNew(), room.newBlocks());
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
        } catch (IOException e) {
            long end = start + clusters + newBlocks << clusterBits;
            table.forget(tableOffset, tableOffset + (clusters << clusterBits));
            blocks.forget(tableOffset, end);
            tableOffset = oldOffset;
            tableClusters = oldClusters;
            uncount(start, start + clusters + newBlocks);
            throw e;
        }
        try {
            header.moveTable(tableOffset, (int) clusters);
        } catch (IOException e) {
            // Which of the two the header names is not known: neither may change.
            throw new Qcow2Exception("the refcount table could not be moved: " + e.getMessage());
        }
        for (long home = start + clusters; home < start + clusters + newBlocks; home++) {
            known.add(home);
        }
        table.forget(oldOffset, oldOffset + (oldClusters << clusterBits));
        for (long i = 0; i < oldClusters; i++) {
            release((oldOffset >>> clusterBits) + i);
        }
    }

    /** Takes the counts of clusters off again that nothing refers to, as far as they have a block. */
    private void uncount(long first, long end) {
        try {
            for (long cluster = first; cluster < end; cluster++) {
                long block = blockOf(cluster);
                if (block != 0) {
                    set(block, cluster, 0);
                }
            }
        } catch (IOException e) {
            // They stay counted: a leak that a check of the image finds.
        }
    }

    /** Takes one reference off {@code cluster}; true when it is free now. */
    boolean release(long cluster) throws IOException {
        long count = get(cluster);
        if (count == 0) {
            throw new Qcow2Exception("cluster 0x" + Long.toHexString(cluster << clusterBits) + " is in use and has no reference counted");
        }
        set(blockOf(cluster), cluster, count - 1);
        if (count != 1) {
            return false;
        }
        if (!freed.add(cluster, 1)) {
            hint = Math.min(hint, cluster);
        }
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
