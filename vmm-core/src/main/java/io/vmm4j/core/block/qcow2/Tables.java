package io.vmm4j.core.block.qcow2;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The tables of an open image under their lock, and the order in which changes of them reach the disk, so that they never contradict each other
 * there, whenever the process or the host ends: counts of clusters before the tables that refer to these; the clusters' own data before both;
 * an L2 table before the L1 table; and a cluster is only free when nothing on the disk refers to it and no request moves data of it any more.
 *
 * <p>All methods but {@link #leave} are for whoever holds {@link #lock}.
 */
final class Tables {

    /** Ranges that wait to be free, above which they are made so without waiting for a flush. */
    private static final int MANY = 4096;

    final ReentrantLock lock = new ReentrantLock();
    final ClusterMap map;
    final Refcounts refcounts;
    private final ImageFile file;
    private final HeaderFile header;
    private final TableSet known;
    private final int clusterBits;
    private final Condition arrival = lock.newCondition();
    /** Clusters of the disk that are on their way into the file: first and end of each range. */
    private long[] arriving = new long[16];
    private int arrivingCount;

    /** Not referred to by the tables in memory. */
    private FreeClusters unlinked = new FreeClusters();
    /** Those of them that are not referred to by the tables in the file either. */
    private FreeClusters written = new FreeClusters();
    /** Counts how often {@link #written} was filled, from 1 on: a sync that began before the last time says nothing about it. */
    private long generation;
    /** Whether that it is written is on stable storage. */
    private boolean isSynced;
    /** The requests that move data: those begun since {@link #written} was last filled, and those before. */
    private final AtomicInteger[] moving = {new AtomicInteger(), new AtomicInteger()};
    private int epoch;
    private boolean isCorrupt;

    Tables(ImageFile file, Qcow2Header header, TableMemory memory) {
        this.file = file;
        this.header = new HeaderFile(file, header);
        this.clusterBits = header.clusterBits();
        this.known = new TableSet();
        this.refcounts = new Refcounts(file, header, this.header, known, this::isForData, memory);
        this.map = new ClusterMap(file, header, memory, this::writeBack);
    }

    /**
     * Finds out where tables are, for one who is about to write. The time goes with the length of the L1 and the refcount table.
     *
     * @throws Qcow2Exception when one is used twice
     */
    void findTables() throws IOException {
        known.clear();
        known.addAll(file, map.l1Offset(), map.l1Size(), clusterBits);
        known.addAll(file, refcounts.tableOffset(), refcounts.blockCount(), clusterBits);
    }

    HeaderFile header() {
        return header;
    }

    /** A request begins to move data of clusters that were found: they stay what they are until {@link #leave}. */
    int enter() {
        moving[epoch].incrementAndGet();
        return epoch;
    }

    /** It is over. Without the lock. */
    void leave(int entered) {
        moving[entered].decrementAndGet();
    }

    /** Returns once none of the disk's clusters [from, to) is on its way. Gives the lock up meanwhile. */
    void awaitArrival(long from, long to) {
        while (isArriving(from, to)) {
            arrival.awaitUninterruptibly();
        }
    }

    private boolean isArriving(long from, long to) {
        for (int i = 0; i < arrivingCount; i++) {
            if (arriving[2 * i] < to && from < arriving[2 * i + 1]) {
                return true;
            }
        }
        return false;
    }

    /** Clusters of the disk are on their way. */
    void beginArrival(long from, long to) {
        if (2 * arrivingCount == arriving.length) {
            arriving = Arrays.copyOf(arriving, 2 * arriving.length);
        }
        arriving[2 * arrivingCount] = from;
        arriving[2 * arrivingCount++ + 1] = to;
    }

    void endArrival(long from) {
        int at = 0;
        while (arriving[2 * at] != from) {
            at++;
        }
        arrivingCount--;
        arriving[2 * at] = arriving[2 * arrivingCount];
        arriving[2 * at + 1] = arriving[2 * arrivingCount + 1];
        arrival.signalAll();
    }

    /** Has the table of a cluster of the disk be ready for {@link ClusterMap#setEntry}. */
    void prepare(long cluster) throws IOException {
        if (map.isPrepared(cluster)) {
            return;
        }
        long table = allocate(1).first();
        long old;
        try {
            old = map.moveTable(cluster, table << clusterBits);
        } catch (IOException e) {
            refcounts.release(table); // nothing refers to it
            throw e;
        }
        known.add(table);
        if (old != 0) {
            known.remove(old >>> clusterBits);
            unlinked.add(old >>> clusterBits, 1);
        }
    }

    /**
     * Takes clusters of the file.
     *
     * @throws Qcow2Exception when one is said to be free and has a table
     */
    Refcounts.Run allocate(int wanted) throws IOException {
        Refcounts.Run run = refcounts.allocate(wanted);
        long from = run.first() << clusterBits;
        long to = run.first() + run.count() << clusterBits;
        if (!run.isUntouched() && (!isForData(from, to - from) || refcounts.isKnownBlock(from, to) || map.isKnownTable(from, to))) {
            throw new Qcow2Exception("clusters from byte " + from + " on have tables, and no reference counted");
        }
        return run;
    }

    /**
     * Whether bytes of the file may be a guest's: they are not of its header, of the refcount table or one of its blocks, of the L1 table or an L2
     * table.
     */
    boolean isForData(long offset, long length) {
        return offset >= 1L << clusterBits && !refcounts.isTable(offset, offset + length) && !map.isL1(offset, offset + length)
                && !known.hasAny(offset >>> clusterBits, offset + length - 1 >>> clusterBits);
    }

    /**
     * A cluster's entry does not have what {@code entry} refers to any more.
     *
     * @throws Qcow2Exception when those are no clusters of data
     */
    void unlink(long entry) throws Qcow2Exception {
        if ((entry & Qcow2Constants.COMPRESSED) != 0) {
            long offset = CompressedClusters.offset(entry, clusterBits);
            long first = offset >>> clusterBits;
            unlink(entry, first, (offset + CompressedClusters.length(entry, clusterBits) - 1 >>> clusterBits) - first + 1);
        } else if ((entry & Qcow2Constants.OFFSET_MASK) != 0) {
            unlink(entry, (entry & Qcow2Constants.OFFSET_MASK) >>> clusterBits, 1);
        }
    }

    private void unlink(long entry, long first, long count) throws Qcow2Exception {
        if (first << clusterBits >= file.length() || !isForData(first << clusterBits, count << clusterBits)) {
            throw new Qcow2Exception("an L2 entry is 0x" + Long.toHexString(entry) + ", no cluster of data");
        }
        unlinked.add(first, count);
    }

    boolean hasManyUnlinked() {
        return unlinked.size() >= MANY;
    }

    boolean isDirty() {
        return map.isDirty() || refcounts.isDirty() || unlinked.size() > 0 || written.size() > 0;
    }

    /** Writes all that was changed, in its order; stable once the file is synced after it. */
    void writeBack() throws IOException {
        if (isCorrupt) {
            throw new Qcow2Exception("the image is damaged");
        }
        refcounts.writeBack();
        if (map.isDirty()) {
            file.sync();
            map.writeBack();
        }
    }

    /**
     * All unlinked clusters are unlinked in the file too, as {@link #writeBack} was called.
     *
     * @return what {@link #unlinkedIsSynced} is to be told when the file has been synced after this; 0 when it need not be
     */
    long unlinkedIsWritten() {
        if (written.size() == 0 && unlinked.size() > 0) {
            FreeClusters free = written;
            written = unlinked;
            unlinked = free;
            isSynced = false;
            generation++;
            epoch = 1 - epoch;
        }
        return written.size() > 0 && !isSynced ? generation : 0;
    }

    /** The file was synced after {@link #unlinkedIsWritten} had said {@code since}. */
    void unlinkedIsSynced(long since) throws IOException {
        if (since == generation) { // else others were written meanwhile, maybe after that sync began
            isSynced = true;
            freeWritten();
        }
    }

    /** Frees what may be free by now. */
    void freeWritten() throws IOException {
        if (written.size() == 0 || !isSynced || moving[1 - epoch].get() > 0) {
            return;
        }
        FreeClusters free = written;
        written = new FreeClusters();
        for (int i = 0; i < free.size(); i++) {
            free(free.first(i), free.count(i));
        }
    }

    private void free(long first, long count) throws IOException {
        long holeFrom = first;
        for (long cluster = first; cluster < first + count; cluster++) {
            if (!refcounts.release(cluster)) {
                discard(holeFrom, cluster);
                holeFrom = cluster + 1;
            }
        }
        discard(holeFrom, first + count);
    }

    private void discard(long from, long to) throws IOException {
        if (from < to) {
            file.discard(from << clusterBits, to - from << clusterBits);
        }
    }

    /** Nobody writes to this image any more, until somebody has repaired it. */
    void damaged() {
        if (!isCorrupt) {
            isCorrupt = true;
            try {
                header.setCorrupt();
            } catch (IOException e) {
                // It is not written to by this process in any case.
            }
        }
    }

    boolean isDamaged() {
        return isCorrupt;
    }

    /** They are not used any more. */
    void close() {
        map.close();
        refcounts.close();
    }

    /** Writes everything, and frees what is to be free; nothing moves any more. */
    void finish() throws IOException {
        writeBack();
        file.sync();
        for (int i = 0; i < 2 && (unlinked.size() > 0 || written.size() > 0); i++) {
            unlinkedIsWritten();
            unlinkedIsSynced(generation);
        }
        if (isDirty()) {
            writeBack();
            file.sync();
        }
    }
}
