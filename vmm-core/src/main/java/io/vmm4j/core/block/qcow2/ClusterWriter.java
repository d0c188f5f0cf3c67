package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.Views;
import io.vmm4j.core.block.qcow2.Extent.Kind;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Changes the clusters of a disk. Those that are in the file are written in place. For others room is taken under the lock; what is around the
 * written bytes is copied and they are written, both without it; and then the tables refer to them.
 *
 * <p>Thread-safe. Two requests never bring the same cluster at once: the second waits for the first.
 */
final class ClusterWriter {

    /** Entries changed before others may have the lock. */
    private static final int AT_ONCE = 1024;
    private static final int MOST_CLUSTERS = 4096;

    private final Tables tables;
    private final ImageFile file;
    private final BlkBackend data;
    private final Clusters clusters;
    private final int clusterBits;
    private final long clusterBytes;
    private final long size;
    private final boolean hasZeroFlag;
    private final long backingSize;

    ClusterWriter(Qcow2Image image, BlkBackend data, Clusters clusters) {
        this.tables = image.tables();
        this.file = image.file();
        this.data = data;
        this.clusters = clusters;
        this.clusterBits = image.header().clusterBits();
        this.clusterBytes = image.header().clusterBytes();
        this.size = image.header().size();
        this.hasZeroFlag = image.header().version() >= 3;
        this.backingSize = image.backingSize();
    }

    /** Something under the tables' lock, which finds out when they contradict each other. */
    @FunctionalInterface
    private interface Step<T> {
        T take() throws IOException;
    }

    private <T> T locked(Step<T> step) throws IOException {
        tables.lock.lock();
        try {
            if (tables.isDamaged()) {
                throw new Qcow2Exception("the image is damaged, and only read");
            }
            return step.take();
        } catch (Qcow2Exception e) {
            tables.damaged();
            throw e;
        } finally {
            tables.lock.unlock();
        }
    }

    void write(ByteBuffer[] views, int count, long offset, long length) throws IOException {
        Worker worker = clusters.worker();
        Plan plan = locked(() -> plan(offset, length, worker.extent));
        if (plan.length == length) {
            carryOut(worker, plan, offset, views, count);
            return;
        }
        worker.window.begin(views, count);
        try {
            long at = offset;
            while (true) {
                ByteBuffer[] piece = worker.window.take(plan.length);
                carryOut(worker, plan, at, piece, worker.window.count());
                worker.window.taken();
                at += plan.length;
                if (at == offset + length) {
                    return;
                }
                long from = at;
                plan = locked(() -> plan(from, offset + length - from, worker.extent));
            }
        } finally {
            worker.window.end();
        }
    }

    /**
     * What is written next, in one piece.
     *
     * @param run    clusters taken for it; {@code null} when they are in the file already
     * @param offset where it goes in the file
     * @param epoch  of clusters in the file, for {@link Tables#leave}
     */
    private record Plan(Refcounts.Run run, long offset, long length, int epoch) {
    }

    private Plan plan(long at, long most, Extent found) throws IOException {
        long first = at >>> clusterBits;
        tables.awaitArrival(first, (at + most - 1 >>> clusterBits) + 1);
        tables.map.find(at, most, found);
        if (found.kind == Kind.DATA) {
            if (!tables.isForData(found.offset, found.length)) {
                throw new Qcow2Exception("the L2 entry of cluster " + first + " is 0x" + Long.toHexString(found.entry) + ", where there are tables");
            }
            file.reach(found.offset + found.length);
            return new Plan(null, found.offset, found.length, tables.enter());
        }
        tables.prepare(first);
        int left = tables.map.l2Entries() - (int) (first & tables.map.l2Entries() - 1);
        int wanted = (int) Math.min(Math.min(left, MOST_CLUSTERS), (at + found.length - 1 >>> clusterBits) - first + 1);
        Refcounts.Run run = tables.allocate(wanted);
        tables.beginArrival(first, first + run.count());
        long length = Math.min(found.length, (first + run.count() << clusterBits) - at);
        return new Plan(run, (run.first() << clusterBits) + (at & clusterBytes - 1), length, 0);
    }

    private void carryOut(Worker worker, Plan plan, long at, ByteBuffer[] views, int count) throws IOException {
        if (plan.run == null) {
            try {
                data.write(views, count, plan.offset);
            } finally {
                tables.leave(plan.epoch);
            }
            return;
        }
        boolean isWritten = false;
        try {
            writeWithRest(worker, plan, at, views, count);
            isWritten = true;
        } finally {
            arrived(plan.run, at >>> clusterBits, isWritten);
        }
    }

    /** The clusters are in the file now, or could not be written. */
    private void arrived(Refcounts.Run run, long first, boolean isWritten) throws IOException {
        tables.lock.lock();
        try {
            refer(run, first, isWritten ? run.count() : 0);
        } catch (Qcow2Exception e) {
            tables.damaged();
            throw e;
        } finally {
            tables.endArrival(first);
            tables.lock.unlock();
        }
        settleIfMany();
    }

    /** Has entries of the disk's clusters from {@code first} on refer to the first {@code count} of a run; those that none refers to are free. */
    private void refer(Refcounts.Run run, long first, int count) throws IOException {
        int done = 0;
        try {
            for (; done < count; done++) {
                change(first + done, run.first() + done << clusterBits | Qcow2Constants.COPIED);
            }
        } finally {
            for (; done < run.count(); done++) {
                tables.refcounts.release(run.first() + done);
            }
        }
    }

    /** Has a cluster's entry, whose table is prepared, be another one. */
    private void change(long cluster, long entry) throws IOException {
        long before = tables.map.entry(cluster);
        tables.map.setEntry(cluster, entry);
        tables.unlink(before);
    }

    /** Writes views, and around them what the disk has in the rest of their first and last clusters. */
    private void writeWithRest(Worker worker, Plan plan, long at, ByteBuffer[] views, int count) throws IOException {
        long headFrom = at & -clusterBytes;
        long tailFrom = at + plan.length;
        long tailTo = tailFrom + clusterBytes - 1 & -clusterBytes;
        boolean hasHead = headFrom < at && !(plan.run.isUntouched() && isZero(worker, headFrom, at));
        boolean hasTail = tailFrom < tailTo && !(plan.run.isUntouched() && isZero(worker, tailFrom, tailTo));
        int head = hasHead ? (int) (at - headFrom) : 0;
        int tail = hasTail ? (int) (tailTo - tailFrom) : 0;
        if (head + tail == 0) {
            data.write(views, count, plan.offset);
        } else if (head + tail <= Worker.COPY) {
            ByteBuffer[] all = worker.around(count + 2);
            int used = 0;
            if (hasHead) {
                all[used++] = old(worker, worker.copy().limit(head).slice(), headFrom);
            }
            System.arraycopy(views, 0, all, used, count);
            used += count;
            if (hasTail) {
                all[used++] = old(worker, worker.copy().position(head).limit(head + tail).slice(), tailFrom);
            }
            data.write(all, used, plan.offset - head);
            Arrays.fill(all, 0, used, null);
        } else {
            copy(worker, headFrom, head, plan.offset - head);
            data.write(views, count, plan.offset);
            copy(worker, tailFrom, tail, plan.offset + plan.length);
        }
    }

    private ByteBuffer old(Worker worker, ByteBuffer target, long at) throws IOException {
        int there = (int) Math.max(0, Math.min(target.limit(), size - at));
        int end = target.limit();
        clusters.readOld(worker, target.limit(there), at);
        target.limit(end).position(there);
        worker.one[0] = target;
        Views.zero(worker.one, 1);
        return target.position(0);
    }

    private void copy(Worker worker, long at, int length, long to) throws IOException {
        for (int done = 0; done < length; ) {
            int part = Math.min(length - done, Worker.COPY);
            ByteBuffer[] piece = {old(worker, worker.copy().limit(part).slice(), at + done)};
            data.write(piece, 1, to + done);
            done += part;
        }
    }

    private boolean isZero(Worker worker, long from, long to) throws IOException {
        return locked(() -> {
            for (long at = from; at < Math.min(to, size); at += worker.old.length) {
                clusters.find(at, Math.min(to, size) - at, worker.old);
                if (!clusters.isZero(worker.old, at)) {
                    return false;
                }
            }
            return true;
        });
    }

    void zero(long offset, long length, boolean mayUnmap) throws IOException {
        long from = offset + clusterBytes - 1 & -clusterBytes;
        long to = offset + length == size ? size + clusterBytes - 1 & -clusterBytes : offset + length & -clusterBytes;
        if (from >= to) {
            writeZeroes(offset, length);
            return;
        }
        writeZeroes(offset, from - offset);
        eachCluster(from >>> clusterBits, to >>> clusterBits, (cluster, entry) -> zeroCluster(cluster, entry, mayUnmap));
        writeZeroes(to, offset + length - to);
    }

    /** Zeros as data, where there are none yet. */
    private void writeZeroes(long offset, long length) throws IOException {
        Worker worker = clusters.worker();
        if (length <= 0 || isZero(worker, offset, offset + length)) {
            return;
        }
        ByteBuffer[] zeroes = {ByteBuffer.allocateDirect((int) Math.min(length, Worker.COPY))};
        for (long done = 0; done < length; done += zeroes[0].limit()) {
            zeroes[0].clear().limit((int) Math.min(length - done, zeroes[0].capacity()));
            write(zeroes, 1, offset + done, zeroes[0].limit());
        }
    }

    private boolean zeroCluster(long cluster, long entry, boolean mayUnmap) throws IOException {
        boolean isAbsent = entry == 0 && cluster << clusterBits >= backingSize;
        boolean isFlagged = hasZeroFlag && (entry & (Qcow2Constants.COMPRESSED | Qcow2Constants.ZERO)) == Qcow2Constants.ZERO;
        boolean isInFile = (entry & Qcow2Constants.OFFSET_MASK) != 0 || (entry & Qcow2Constants.COMPRESSED) != 0;
        if (isAbsent || isFlagged && !(mayUnmap && isInFile)) {
            return true;
        }
        if (!hasZeroFlag && cluster << clusterBits < backingSize) {
            return false;
        }
        tables.prepare(cluster);
        boolean keeps = !mayUnmap && (entry & Qcow2Constants.COMPRESSED) == 0 && (entry & Qcow2Constants.COPIED) != 0;
        if (keeps && hasZeroFlag) {
            tables.map.setEntry(cluster, entry | Qcow2Constants.ZERO);
        } else {
            change(cluster, hasZeroFlag ? Qcow2Constants.ZERO : 0);
        }
        return true;
    }

    void discard(long offset, long length) throws IOException {
        long from = offset + clusterBytes - 1 & -clusterBytes;
        long to = offset + length == size ? size + clusterBytes - 1 & -clusterBytes : offset + length & -clusterBytes;
        eachCluster(from >>> clusterBits, to >>> clusterBits, (cluster, entry) -> {
            boolean hasBacking = cluster << clusterBits < backingSize;
            boolean isInFile = (entry & (Qcow2Constants.OFFSET_MASK | Qcow2Constants.COMPRESSED)) != 0;
            if (isInFile && (hasZeroFlag || !hasBacking)) {
                tables.prepare(cluster);
                change(cluster, hasBacking ? Qcow2Constants.ZERO : 0);
            }
            return true;
        });
    }

    /** Something done to the entry of a cluster. */
    @FunctionalInterface
    private interface EntryChange {
        /** False when the cluster is to be written with zeros instead. */
        boolean make(long cluster, long entry) throws IOException;
    }

    private void eachCluster(long from, long to, EntryChange change) throws IOException {
        long cluster = from;
        while (cluster < to) {
            long begin = cluster;
            long next = locked(() -> changeSome(begin, to, change));
            if (next < 0) {
                long at = ~next << clusterBits;
                writeZeroes(at, Math.min(clusterBytes, size - at));
                next = ~next + 1;
            }
            settleIfMany();
            cluster = next;
        }
    }

    /** Returns the first cluster that is left; with all bits turned one that is to be written with zeros. */
    private long changeSome(long from, long to, EntryChange change) throws IOException {
        long end = Math.min(to, from + AT_ONCE);
        tables.awaitArrival(from, end);
        for (long cluster = from; cluster < end; cluster++) {
            if (cluster << clusterBits >= backingSize && !tables.map.hasTable(cluster)) {
                cluster |= tables.map.l2Entries() - 1; // all absent, and zeros
                end = Math.max(end, Math.min(to, cluster + 1));
                continue;
            }
            if (!change.make(cluster, tables.map.entry(cluster))) {
                return ~cluster;
            }
        }
        return end;
    }

    private void settleIfMany() throws IOException {
        boolean isMany = locked(tables::hasManyUnlinked);
        if (!isMany) {
            return;
        }
        long unlinked = locked(() -> {
            tables.writeBack();
            tables.freeWritten();
            return tables.unlinkedIsWritten();
        });
        if (unlinked != 0) {
            data.flush();
            unlinkedIsSynced(unlinked);
        }
    }

    /** As {@link Tables#unlinkedIsSynced}. */
    void unlinkedIsSynced(long since) throws IOException {
        locked(() -> {
            tables.unlinkedIsSynced(since);
            return null;
        });
    }
}
