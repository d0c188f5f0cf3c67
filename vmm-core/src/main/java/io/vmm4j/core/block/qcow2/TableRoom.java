package io.vmm4j.core.block.qcow2;

import java.io.IOException;

/**
 * What a refcount table takes in its new place: its clusters, and behind them the blocks that count both.
 *
 * @param clusters  of the table
 * @param newBlocks clusters of blocks
 * @param firstNew  number of the first block that is made
 * @param lastNew   number of the last
 */
record TableRoom(long clusters, long newBlocks, long firstNew, long lastNew) {

    /**
     * Finds out.
     *
     * @param start     cluster that the table is to begin at, behind all that is in use
     * @param before    clusters that it has now, which it is to have twice at least
     * @param firstNew  number of the first block from {@code start} on that is not there
     * @param blockBits a block has as many counts as 2 to the power of this
     * @throws IOException when the table would be longer than any may be
     */
    static TableRoom of(long start, long before, long firstNew, int clusterBits, int blockBits) throws IOException {
        long clusters = before * 2;
        long newBlocks = 0;
        long lastNew;
        while (true) {
            lastNew = start + clusters + newBlocks - 1 >>> blockBits;
            long needed = lastNew - firstNew + 1;
            boolean isLongEnough = lastNew < clusters << clusterBits - 3;
            if (isLongEnough && needed <= newBlocks) {
                break;
            }
            newBlocks = Math.max(newBlocks, needed);
            clusters = isLongEnough ? clusters : clusters + 1;
        }
        if (clusters << clusterBits > Qcow2Header.MAX_REFCOUNT_TABLE_BYTES) {
            throw new IOException("the image would need a refcount table of " + (clusters << clusterBits) + " bytes, above "
                    + Qcow2Header.MAX_REFCOUNT_TABLE_BYTES);
        }
        return new TableRoom(clusters, newBlocks, firstNew, lastNew);
    }

    /** Clusters of all of it. */
    long all() {
        return clusters + newBlocks;
    }
}
