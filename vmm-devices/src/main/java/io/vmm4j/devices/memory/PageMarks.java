package io.vmm4j.devices.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Which pages of guest RAM the host's side has written, or may have: KVM tells only what vCPUs write. Pages of 4 KiB are numbered from 0 through
 * all regions, without the holes between them.
 *
 * <p>Marks are set by any thread, without a lock. Taking them needs that nobody writes meanwhile.
 */
public final class PageMarks {

    /** Bytes in a page, as a shift. */
    public static final int PAGE_SHIFT = 12;

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] words;

    /** @param bytes of RAM in all */
    public PageMarks(long bytes) {
        long pages = bytes + (1L << PAGE_SHIFT) - 1 >>> PAGE_SHIFT;
        words = new long[Math.toIntExact(pages + Long.SIZE - 1 >>> 6)];
    }

    /** Marks one page. */
    void mark(long page) {
        int word = (int) (page >>> 6);
        long bit = 1L << page;
        // Looked at first: what is written once is mostly written again.
        if (((long) WORDS.getOpaque(words, word) & bit) == 0) {
            WORDS.getAndBitwiseOr(words, word, bit);
        }
    }

    /** Marks the pages from {@code first} to {@code last}. */
    public void mark(long first, long last) {
        for (long page = first; page <= last; page++) {
            mark(page);
        }
    }

    /** Adds the pages that are marked to {@code pages}, and begins anew. */
    public void takeInto(BitSet pages) {
        pages.or(BitSet.valueOf(words));
        Arrays.fill(words, 0);
    }
}
