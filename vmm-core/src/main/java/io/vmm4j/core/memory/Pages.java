package io.vmm4j.core.memory;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Counting in pages of 4 KiB. */
final class Pages {

    /** Bytes in a page. */
    static final int SIZE = 4096;
    /** Bytes in a huge page. */
    static final long HUGE = 2L << 20;

    private static final int SHIFT = 12;

    private Pages() {
    }

    /** The page that byte {@code offset} is in. */
    static int of(long offset) {
        return Math.toIntExact(offset >>> SHIFT);
    }

    static long bytes(long pages) {
        return pages << SHIFT;
    }

    /**
     * The runs of {@code pages} in {@code file}.
     *
     * @param gapMax as many pages that are not in the set may lie between two for one run to have both
     */
    static List<FrozenRun> runs(BitSet pages, int gapMax, FrozenFile file) {
        List<FrozenRun> runs = new ArrayList<>();
        for (int from = pages.nextSetBit(0); from >= 0;) {
            int to = pages.nextClearBit(from);
            int next = pages.nextSetBit(to);
            while (next >= 0 && next - to <= gapMax) {
                to = pages.nextClearBit(next);
                next = pages.nextSetBit(to);
            }
            runs.add(new FrozenRun(bytes(from), bytes(to - from), file));
            from = next;
        }
        return runs;
    }

    /** Adds to {@code pages} what lies between two with no more than {@code gapMax} pages. */
    static void bridge(BitSet pages, int gapMax) {
        for (int to = pages.nextClearBit(pages.nextSetBit(0) + 1); ; to = pages.nextClearBit(to + 1)) {
            int next = pages.nextSetBit(to);
            if (next < 0) {
                return;
            }
            if (next - to <= gapMax) {
                pages.set(to, next);
                to = next;
            }
        }
    }
}
