package io.vmm4j.core.block.qcow2;

import java.util.Arrays;

/** Clusters on their way to be free, as ranges. Confined to the image's lock. */
final class FreeClusters {

    private static final int MOST_RANGES = 1 << 16;

    private long[] firsts = new long[16];
    private long[] counts = new long[16];
    private int size;

    /** Adds clusters; false where they would be beyond 65,536 ranges: those of a table stay taken then, a leak that a check of the image finds. */
    boolean add(long first, long count) {
        if (size > 0 && firsts[size - 1] + counts[size - 1] == first) {
            counts[size - 1] += count;
            return true;
        }
        if (size > 0 && first + count == firsts[size - 1]) {
            firsts[size - 1] = first;
            counts[size - 1] += count;
            return true;
        }
        if (size == MOST_RANGES) {
            return false;
        }
        if (size == firsts.length) {
            firsts = Arrays.copyOf(firsts, 2 * size);
            counts = Arrays.copyOf(counts, 2 * size);
        }
        firsts[size] = first;
        counts[size++] = count;
        return true;
    }

    /** Takes the first cluster of the last range out. */
    void dropFirst() {
        firsts[size - 1]++;
        if (--counts[size - 1] == 0) {
            size--;
        }
    }

    int size() {
        return size;
    }

    long first(int index) {
        return firsts[index];
    }

    long count(int index) {
        return counts[index];
    }

    void clear() {
        size = 0;
    }
}
