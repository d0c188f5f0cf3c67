package io.vmm4j.core.block;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A set of block numbers below 2^39, as a tree of bitmaps: what it takes of memory goes with what was added, 4 KiB for each 32,768 blocks
 * that have one. Thread-safe; what was written before {@link #add} is seen by whoever finds the blocks in the set.
 */
final class BlockSet {

    /** Blocks it can tell apart. */
    static final long MAX_BLOCKS = 1L << 39;

    private static final int LEAF_BITS = 15;
    private static final int NODE_BITS = 12;
    private static final long LEAF = 1L << LEAF_BITS;

    private final AtomicReferenceArray<AtomicReferenceArray<AtomicLongArray>> top = new AtomicReferenceArray<>(1 << NODE_BITS);

    private AtomicLongArray leaf(long block) {
        AtomicReferenceArray<AtomicLongArray> node = top.get((int) (block >>> LEAF_BITS + NODE_BITS));
        return node == null ? null : node.get(nodeIndex(block));
    }

    private static int nodeIndex(long block) {
        return (int) (block >>> LEAF_BITS) & (1 << NODE_BITS) - 1;
    }

    private AtomicLongArray leafToAdd(long block) {
        int topIndex = (int) (block >>> LEAF_BITS + NODE_BITS);
        if (top.get(topIndex) == null) {
            top.compareAndSet(topIndex, null, new AtomicReferenceArray<>(1 << NODE_BITS));
        }
        AtomicReferenceArray<AtomicLongArray> node = top.get(topIndex);
        if (node.get(nodeIndex(block)) == null) {
            node.compareAndSet(nodeIndex(block), null, new AtomicLongArray((int) (LEAF >> 6)));
        }
        return node.get(nodeIndex(block));
    }

    boolean contains(long block) {
        AtomicLongArray leaf = leaf(block);
        return leaf != null && (leaf.get(word(block)) >>> block & 1) != 0;
    }

    private static int word(long block) {
        return (int) (block & LEAF - 1) >> 6;
    }

    /** The first block from {@code from} on, below {@code end}, that is in the set if {@code wanted}, else that is not; {@code end} without one. */
    long next(long from, long end, boolean wanted) {
        long block = from;
        while (block < end) {
            AtomicLongArray leaf = leaf(block);
            if (leaf == null) {
                if (!wanted) {
                    return block;
                }
                block = (block | LEAF - 1) + 1;
                continue;
            }
            long bits = leaf.get(word(block));
            long left = (wanted ? bits : ~bits) >>> block;
            if (left != 0) {
                return Math.min(end, block + Long.numberOfTrailingZeros(left));
            }
            block = (block | 63) + 1;
        }
        return end;
    }

    /** Adds [{@code from}, {@code end}). */
    void add(long from, long end) {
        for (long block = from; block < end; block = (block | 63) + 1) {
            long mask = -1L << block;
            if ((block | 63) >= end) {
                mask &= (1L << end) - 1;
            }
            AtomicLongArray leaf = leafToAdd(block);
            int word = word(block);
            long before = leaf.get(word);
            while ((before & mask) != mask && !leaf.compareAndSet(word, before, before | mask)) {
                before = leaf.get(word);
            }
        }
    }

    /** Takes all out. Nobody uses it meanwhile. */
    void clear() {
        for (int i = 0; i < top.length(); i++) {
            top.set(i, null);
        }
    }
}
