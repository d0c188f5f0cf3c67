package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.BlockSet;
import java.io.IOException;

/**
 * Counts the references to clusters anew, where the last writer has left that for later (lazy refcounts) and did not come to it. What it keeps in
 * memory is a bit for each cluster in use, 32 MiB at most. Tables that contradict each other, and files with more clusters than that, are left to
 * {@code qemu-img check}.
 */
final class Repair {

    /** 16 TiB in clusters of 64 KiB. */
    private static final long MOST_CLUSTERS = 1L << 28;

    private final ImageFile file;
    private final Qcow2Header header;
    private final Tables tables;
    private final int clusterBits;
    private final BlockSet used = new BlockSet();

    Repair(ImageFile file, Qcow2Header header, Tables tables) {
        this.file = file;
        this.header = header;
        this.tables = tables;
        this.clusterBits = header.clusterBits();
    }

    void run() throws IOException {
        if (header.snapshots() > 0) {
            throw refuse("it has internal snapshots");
        }
        if (clusters(file.length()) > MOST_CLUSTERS) {
            throw refuse("its file has more than " + MOST_CLUSTERS + " clusters");
        }
        use(0, 1);
        use(header.l1Offset() >>> clusterBits, clusters((long) header.l1Size() * Long.BYTES));
        use(tables.refcounts.tableOffset() >>> clusterBits, tables.refcounts.tableClusterCount());
        for (long index = 0; index < tables.refcounts.blockCount(); index++) {
            long block = tables.refcounts.block(index);
            if (block != 0) {
                use(block >>> clusterBits, 1);
            }
        }
        for (int index = 0; index < tables.map.l1Size(); index++) {
            long table = tables.map.l1Entry(index) & Qcow2Constants.OFFSET_MASK;
            if (table != 0) {
                use(table >>> clusterBits, 1);
                countTable((long) index * tables.map.l2Entries());
            }
        }
        forgetUnused();
    }

    private long clusters(long bytes) {
        return bytes + header.clusterBytes() - 1 >>> clusterBits;
    }

    private void countTable(long firstCluster) throws IOException {
        for (long cluster = firstCluster; cluster < firstCluster + tables.map.l2Entries(); cluster++) {
            long entry = tables.map.entry(cluster);
            if ((entry & Qcow2Constants.COMPRESSED) != 0) {
                long offset = CompressedClusters.offset(entry, clusterBits);
                long end = offset + CompressedClusters.length(entry, clusterBits);
                for (long host = offset >>> clusterBits; host <= end - 1 >>> clusterBits; host++) {
                    useShared(host);
                }
            } else if ((entry & Qcow2Constants.OFFSET_MASK) != 0) {
                use((entry & Qcow2Constants.OFFSET_MASK) >>> clusterBits, 1);
            }
        }
    }

    private void use(long first, long count) throws IOException {
        for (long cluster = first; cluster < first + count; cluster++) {
            check(cluster);
            if (used.contains(cluster)) {
                throw refuse("cluster 0x" + Long.toHexString(cluster << clusterBits) + " is used twice");
            }
            used.add(cluster, cluster + 1);
            if (tables.refcounts.get(cluster) != 1) {
                tables.refcounts.countOne(cluster);
            }
        }
    }

    /** Compressed clusters may have some of the file's in common; how often, was counted when they were written. */
    private void useShared(long cluster) throws IOException {
        check(cluster);
        used.add(cluster, cluster + 1);
        if (tables.refcounts.get(cluster) == 0) {
            throw refuse("a compressed cluster is at 0x" + Long.toHexString(cluster << clusterBits) + " without a reference counted");
        }
    }

    private void check(long cluster) throws IOException {
        if (cluster >= clusters(file.length())) {
            throw refuse("cluster 0x" + Long.toHexString(cluster << clusterBits) + " is behind the end of the file");
        }
    }

    private void forgetUnused() throws IOException {
        for (long index = 0; index < tables.refcounts.blockCount(); index++) {
            if (tables.refcounts.block(index) == 0) {
                continue;
            }
            long from = index * tables.refcounts.countsInBlock();
            long end = Math.min(from + tables.refcounts.countsInBlock(), MOST_CLUSTERS);
            for (long cluster = from; cluster < end; cluster++) {
                if (!used.contains(cluster) && !isOfTable(cluster) && tables.refcounts.get(cluster) != 0) {
                    tables.refcounts.countNone(cluster);
                }
            }
        }
    }

    /** What the counting itself has made. */
    private boolean isOfTable(long cluster) throws IOException {
        long at = cluster << clusterBits;
        return tables.refcounts.isTable(at, at + 1)
                || tables.refcounts.block(cluster / tables.refcounts.countsInBlock()) == at;
    }

    private static Qcow2Exception refuse(String why) {
        return new Qcow2Exception("was not closed, and cannot be repaired here, as " + why + ": `qemu-img check -r all` may");
    }
}
