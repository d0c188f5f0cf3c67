package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.qcow2.Extent.Kind;
import java.io.IOException;

/** Where the clusters of the disk are: the L1 table, which finds L2 tables, whose entries find clusters. Confined to the image's lock. */
final class ClusterMap {

    private static final int L1_SLICES = 64;
    /** 16 MiB at most, made as they are needed: the entries of 128 GiB in clusters of 64 KiB. A smaller disk has all of its own. */
    private static final int L2_SLICES = 4096;

    private final ImageFile file;
    private final TableCache l1;
    private final TableCache l2;
    private final boolean hasZeroFlag;
    private final int clusterBits;
    private final int l2Bits;
    private final long l1Offset;
    private final int l1Size;

    /** @param writeBack writes all tables in their order; for when one has to make room */
    ClusterMap(ImageFile file, Qcow2Header header, TableMemory memory, TableCache.BeforeLoss writeBack) {
        this.file = file;
        this.clusterBits = header.clusterBits();
        this.l2Bits = clusterBits - 3;
        this.hasZeroFlag = header.version() >= 3;
        this.l1Offset = header.l1Offset();
        this.l1Size = header.l1Size();
        this.l1 = new TableCache(file, clusterBits, L1_SLICES, memory, writeBack);
        this.l2 = new TableCache(file, clusterBits, L2_SLICES, memory, writeBack);
    }

    private long clusterBytes() {
        return 1L << clusterBits;
    }

    long l1Offset() {
        return l1Offset;
    }

    int l1Size() {
        return l1Size;
    }

    /** Entries in an L2 table. */
    int l2Entries() {
        return 1 << l2Bits;
    }

    /** The entry at {@code index} of the L1 table: an L2 table's offset, or 0, with {@link Qcow2Constants#COPIED} or not. */
    long l1Entry(long index) throws IOException {
        if (index >= l1Size) {
            throw new Qcow2Exception("the L1 table has no entry " + index);
        }
        long entry = l1.get(l1Offset + index * Long.BYTES);
        long table = entry & Qcow2Constants.OFFSET_MASK;
        if ((entry & ~Qcow2Constants.OFFSET_MASK & ~Qcow2Constants.COPIED) != 0 || (table & clusterBytes() - 1) != 0
                || table >= file.length()) {
            throw new Qcow2Exception("L1 entry " + index + " is 0x" + Long.toHexString(entry) + ", no cluster of the file");
        }
        return entry;
    }

    /** Whether {@code cluster} has an L2 table; one without is absent. */
    boolean hasTable(long cluster) throws IOException {
        return (l1Entry(cluster >>> l2Bits) & Qcow2Constants.OFFSET_MASK) != 0;
    }

    /** The entry of a cluster of the disk, 0 where it has none. */
    long entry(long cluster) throws IOException {
        long table = l1Entry(cluster >>> l2Bits) & Qcow2Constants.OFFSET_MASK;
        return table == 0 ? 0 : l2.get(table + (cluster & l2Entries() - 1) * Long.BYTES);
    }

    /** Finds what the disk has at byte {@code at} and behind it, up to {@code most} bytes, which are within the disk. */
    void find(long at, long most, Extent found) throws IOException {
        long cluster = at >>> clusterBits;
        long entry = entry(cluster);
        Kind kind = kindOf(entry);
        found.kind = kind;
        found.entry = entry;
        long host = kind == Kind.DATA || kind == Kind.SHARED ? hostOf(entry, cluster) : 0;
        found.offset = host + (at & clusterBytes() - 1);
        long length = clusterBytes() - (at & clusterBytes() - 1);
        while (length < most && kind != Kind.COMPRESSED) {
            entry = entry(++cluster);
            host += clusterBytes();
            if (kindOf(entry) != kind || found.isInFile() && hostOf(entry, cluster) != host) {
                break;
            }
            length += clusterBytes();
        }
        found.length = Math.min(length, most);
    }

    private Kind kindOf(long entry) {
        if ((entry & Qcow2Constants.COMPRESSED) != 0) {
            return Kind.COMPRESSED;
        }
        if (hasZeroFlag && (entry & Qcow2Constants.ZERO) != 0) {
            return Kind.ZERO;
        }
        if ((entry & Qcow2Constants.OFFSET_MASK) == 0) {
            return Kind.ABSENT;
        }
        return (entry & Qcow2Constants.COPIED) != 0 ? Kind.DATA : Kind.SHARED;
    }

    private long hostOf(long entry, long cluster) throws Qcow2Exception {
        long host = entry & Qcow2Constants.OFFSET_MASK;
        if ((host & clusterBytes() - 1) != 0 || host >= file.length()) {
            throw new Qcow2Exception("the L2 entry of cluster " + cluster + " is 0x" + Long.toHexString(entry) + ", no cluster of the file");
        }
        return host;
    }

    /** Whether the L2 table of {@code cluster} is there, and this disk's alone: its entries may be changed. */
    boolean isPrepared(long cluster) throws IOException {
        long entry = l1Entry(cluster >>> l2Bits);
        return (entry & Qcow2Constants.OFFSET_MASK) != 0 && (entry & Qcow2Constants.COPIED) != 0;
    }

    /**
     * Has the L2 table of {@code cluster} be at {@code table}, a cluster taken for it, with the entries it had. After a failure it is where it was.
     *
     * @return the offset of the table before, or 0
     */
    long moveTable(long cluster, long table) throws IOException {
        long index = cluster >>> l2Bits;
        long old = l1Entry(index) & Qcow2Constants.OFFSET_MASK;
        l2.forget(table, table + clusterBytes());
        if (old == 0) {
            file.writeZeroes(table, clusterBytes());
        } else {
            l2.writeBack(old, old + clusterBytes()); // of a table that says it is nobody else's in another place
            file.copy(old, table, clusterBytes());
        }
        l1.put(l1Offset + index * Long.BYTES, table | Qcow2Constants.COPIED);
        if (old != 0) {
            l2.forget(old, old + clusterBytes());
        }
        return old;
    }

    /** Changes the entry of a cluster whose table is prepared. */
    void setEntry(long cluster, long entry) throws IOException {
        long table = l1Entry(cluster >>> l2Bits) & Qcow2Constants.OFFSET_MASK;
        l2.put(table + (cluster & l2Entries() - 1) * Long.BYTES, entry);
    }

    /** It is not used any more. */
    void close() {
        l1.close();
        l2.close();
    }

    boolean isDirty() {
        return l1.isDirty() || l2.isDirty();
    }

    /** Writes what was changed, L2 tables before the L1 table that refers to them. */
    void writeBack() throws IOException {
        l2.writeBack();
        if (l1.isDirty()) {
            file.sync();
            l1.writeBack();
        }
    }

    /** Whether bytes [from, to) have some of the L1 table, or of an L2 table that is in memory. */
    boolean isKnownTable(long from, long to) {
        return isL1(from, to) || l2.hasAny(from, to);
    }

    boolean isL1(long from, long to) {
        return from < l1Offset + (long) l1Size * Long.BYTES && to > l1Offset;
    }

}
