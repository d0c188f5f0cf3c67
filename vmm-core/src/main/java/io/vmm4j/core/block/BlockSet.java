package io.vmm4j.core.block;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A set of block numbers below 2^39, as a tree of bitmaps. What it takes of memory goes with how many were added one by one, and not with ranges:
 * at most 0.5 KiB for each 4,096 blocks of which some are in it and some are not, and 32 KiB for each 2^25 of them. Thread-safe; what was written
 * before {@link #add} is seen by whoever finds the blocks in the set.
 */
public final class BlockSet {

    /** Blocks it can tell apart. */
    public static final long MAX_BLOCKS = 1L << 39;

    private static final int LEAF_BITS = 12;
    private static final int NODE_BITS = 13;
    private static final long LEAF = 1L << LEAF_BITS;
    private static final long NODE = LEAF << NODE_BITS;
    /** A leaf and a node of which all blocks are in the set; never written to. */
    private static final AtomicLongArray FULL_LEAF = new AtomicLongArray(1);
    private static final AtomicReferenceArray<AtomicLongArray> FULL_NODE = new AtomicReferenceArray<>(1);

    private final AtomicReferenceArray<AtomicReferenceArray<AtomicLongArray>> top =
            new AtomicReferenceArray<>((int) (MAX_BLOCKS >>> LEAF_BITS + NODE_BITS));

    private AtomicLongArray leaf(long block) {
        AtomicReferenceArray<AtomicLongArray> node = top.get(topIndex(block));
        if (node == FULL_NODE) {
            return FULL_LEAF;
        }
        return node == null ? null : node.get(nodeIndex(block));
    }

    private static int topIndex(long block) {
        return (int) (block >>> LEAF_BITS + NODE_BITS);
    }

    private static int nodeIndex(long block) {
        return (int) (block >>> LEAF_BITS) & (1 << NODE_BITS) - 1;
    }

    private AtomicReferenceArray<AtomicLongArray> nodeToAdd(long block) {
        if (top.get(topIndex(block)) == null) {
            top.compareAndSet(topIndex(block), null, new AtomicReferenceArray<>(1 << NODE_BITS));
        }
        return top.get(topIndex(block));
    }

    public boolean contains(long block) {
        AtomicLongArray leaf = leaf(block);
        return leaf == FULL_LEAF || leaf != null && (leaf.get(word(block)) >>> block & 1) != 0;
    }

    private static int word(long block) {
        return (int) (block & LEAF - 1) >> 6;
    }

    /** The first block from {@code from} on, below {@code end}, that is in the set if {@code wanted}, else that is not; {@code end} without one. */
    long next(long from, long end, boolean wanted) {
        long block = from;
        while (block < end) {
            AtomicLongArray leaf = leaf(block);
            if (leaf == null || leaf == FULL_LEAF) {
                if (wanted == (leaf == FULL_LEAF)) {
                    return block;
                }
                AtomicReferenceArray<AtomicLongArray> node = top.get(topIndex(block));
                block = (block | (node == null || node == FULL_NODE ? NODE : LEAF) - 1) + 1;
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
    public void add(long from, long end) {
        long block = from;
        while (block < end) {
            if ((block & NODE - 1) == 0 && end - block >= NODE) {
                top.set(topIndex(block), FULL_NODE);
                block += NODE;
            } else {
                long nodeEnd = Math.min(end, (block | NODE - 1) + 1);
                addToNode(nodeToAdd(block), block, nodeEnd);
                block = nodeEnd;
            }
        }
    }

    private static void addToNode(AtomicReferenceArray<AtomicLongArray> node, long from, long end) {
        if (node == FULL_NODE) {
            return;
        }
        long block = from;
        while (block < end) {
            int index = nodeIndex(block);
            long leafEnd = Math.min(end, (block | LEAF - 1) + 1);
            if (leafEnd - block == LEAF) {
                node.set(index, FULL_LEAF);
            } else {
                if (node.get(index) == null) {
                    node.compareAndSet(index, null, new AtomicLongArray((int) (LEAF >> 6)));
                }
                addToLeaf(node.get(index), block, leafEnd);
            }
            block = leafEnd;
        }
    }

    private static void addToLeaf(AtomicLongArray leaf, long from, long end) {
        if (leaf == FULL_LEAF) {
            return;
        }
        for (long block = from; block < end; block = (block | 63) + 1) {
            long mask = -1L << block;
            if ((block | 63) >= end) {
                mask &= (1L << end) - 1;
            }
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
