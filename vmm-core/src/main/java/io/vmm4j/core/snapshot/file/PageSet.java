package io.vmm4j.core.snapshot.file;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A set of pages of 4 KiB, numbered by their place in a guest's RAM from 0: the ones written since the last snapshot, those that are
 * resident, those of a diff.
 *
 * <p>Adding is free of locks, from any thread, and cheap for a page that is there already. Who writes a page adds it <em>after</em> the
 * write: {@link #take} between the two would else have the page copied before the write and forgotten. Whatever looks at the whole, such as
 * {@link #count} and the runs, sees each page added before it began and maybe later ones.
 */
public final class PageSet {

    /** Bytes of a page. */
    public static final int PAGE_SIZE = 4096;

    static final int PAGE_SHIFT = 12;
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final long pages;
    private final long[] words;

    /**
     * The empty set over {@code pages} pages.
     *
     * @param pages 0 to 2^36
     */
    public PageSet(long pages) {
        if (pages < 0 || pages > 1L << 36) {
            throw new IllegalArgumentException(pages + " pages are not in [0, 2^36]");
        }
        this.pages = pages;
        this.words = new long[(int) (pages + 63 >>> 6)];
    }

    /** All of {@code pages} pages. */
    public static PageSet full(long pages) {
        PageSet set = new PageSet(pages);
        set.addRange(0, pages);
        return set;
    }

    /** Takes pages [from, to). */
    @FunctionalInterface
    public interface RunConsumer<X extends Exception> {
        void run(long from, long to) throws X;
    }

    /** How many pages there are, in it or not. */
    public long pages() {
        return pages;
    }

    /** Adds one page; any thread, no lock. */
    public void add(long page) {
        check(page, page + 1);
        or((int) (page >>> 6), 1L << page);
    }

    /** Adds pages [from, to); any thread, no lock. */
    public void addRange(long from, long to) {
        check(from, to);
        if (from == to) {
            return;
        }
        int first = (int) (from >>> 6);
        int last = (int) (to - 1 >>> 6);
        long head = -1L << from;
        long tail = -1L >>> -to;
        if (first == last) {
            or(first, head & tail);
            return;
        }
        or(first, head);
        for (int word = first + 1; word < last; word++) {
            or(word, -1);
        }
        or(last, tail);
    }

    /** Adds the pages that bytes [offset, offset + length) of RAM touch; any thread, no lock. */
    public void addBytes(long offset, long length) {
        if (length > 0) {
            addRange(offset >>> PAGE_SHIFT, (offset + length - 1 >>> PAGE_SHIFT) + 1);
        }
    }

    /**
     * Adds what a bitmap says, such as KVM's dirty log of a slot: bit 0 of word 0 is page {@code firstPage}.
     *
     * @param bitmap bits behind the last page of this set must be 0
     */
    public void addBitmap(long[] bitmap, long firstPage) {
        check(firstPage, firstPage);
        int shift = (int) (firstPage & 63);
        int at = (int) (firstPage >>> 6);
        for (int i = 0; i < bitmap.length; i++) {
            long bits = bitmap[i];
            if (bits != 0) {
                long last = firstPage + ((long) i << 6) + 63 - Long.numberOfLeadingZeros(bits);
                check(last, last + 1);
                or(at + i, bits << shift);
                if (shift > 0 && bits >>> 64 - shift != 0) {
                    or(at + i + 1, bits >>> 64 - shift);
                }
            }
        }
    }

    /** Adds all of {@code other}, which is over as many pages. */
    public void addAll(PageSet other) {
        require(other);
        for (int i = 0; i < words.length; i++) {
            long bits = other.word(i);
            if (bits != 0) {
                or(i, bits);
            }
        }
    }

    /** Keeps those only that {@code other} has as well. */
    public void retainAll(PageSet other) {
        require(other);
        for (int i = 0; i < words.length; i++) {
            WORD.getAndBitwiseAnd(words, i, other.word(i));
        }
    }

    /** Empties this set into a new one: each page added by whom ever is in the one or, later, in the other. */
    public PageSet take() {
        PageSet taken = new PageSet(pages);
        for (int i = 0; i < words.length; i++) {
            if (word(i) != 0) {
                taken.words[i] = (long) WORD.getAndSet(words, i, 0L);
            }
        }
        return taken;
    }

    /** The same pages in a set of its own. */
    public PageSet copy() {
        PageSet copy = new PageSet(pages);
        copy.addAll(this);
        return copy;
    }

    public boolean contains(long page) {
        check(page, page + 1);
        return (word((int) (page >>> 6)) >>> page & 1) != 0;
    }

    /** How many pages are in it. */
    public long count() {
        long count = 0;
        for (int i = 0; i < words.length; i++) {
            count += Long.bitCount(word(i));
        }
        return count;
    }

    public boolean isEmpty() {
        return next(0, 0) == pages;
    }

    /** The first page in it from {@code from} on; {@link #pages} when there is none. */
    public long nextIn(long from) {
        return next(from, 0);
    }

    /** The first page not in it from {@code from} on; {@link #pages} when there is none. */
    public long nextOut(long from) {
        return next(from, -1);
    }

    private long next(long from, long flip) {
        check(from, from);
        if (from == pages) {
            return pages;
        }
        int i = (int) (from >>> 6);
        long bits = (word(i) ^ flip) & -1L << from;
        while (bits == 0 && ++i < words.length) {
            bits = word(i) ^ flip;
        }
        return bits == 0 ? pages : Math.min(pages, ((long) i << 6) + Long.numberOfTrailingZeros(bits));
    }

    /** Has {@code consumer} each run of pages in it, in order, as long as it is. */
    public <X extends Exception> void forEachRun(RunConsumer<X> consumer) throws X {
        forEachRun(0, pages, consumer);
    }

    /** As {@link #forEachRun(RunConsumer)} for what is in [from, to). */
    public <X extends Exception> void forEachRun(long from, long to, RunConsumer<X> consumer) throws X {
        check(from, to);
        for (long start = nextIn(from); start < to; ) {
            long end = Math.min(to, nextOut(start));
            consumer.run(start, end);
            start = nextIn(end);
        }
    }

    /** The bitmap, page 0 in bit 0 of byte 0, as many bytes as that takes. */
    byte[] toBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < words.length; i++) {
            bytes.putLong(word(i));
        }
        return Arrays.copyOf(bytes.array(), bytesFor(pages));
    }

    /** Bytes of the bitmap of so many pages. */
    static int bytesFor(long pages) {
        return Math.toIntExact(pages + 7 >>> 3);
    }

    /** @throws IllegalArgumentException when it is not as long as it must be, or has pages behind the last */
    static PageSet fromBytes(long pages, byte[] bitmap) {
        if (bitmap.length != bytesFor(pages)) {
            throw new IllegalArgumentException("a bitmap of " + bitmap.length + " bytes, not " + bytesFor(pages));
        }
        PageSet set = new PageSet(pages);
        ByteBuffer.wrap(Arrays.copyOf(bitmap, set.words.length * 8)).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(set.words);
        if ((pages & 63) != 0 && set.words[set.words.length - 1] >>> pages != 0) {
            throw new IllegalArgumentException("the bitmap has pages behind the last");
        }
        return set;
    }

    private long word(int i) {
        return (long) WORD.getAcquire(words, i);
    }

    private void or(int i, long bits) {
        // The page's own bytes are to be seen by whoever takes the bit that is found here: the look must not come before they are written.
        VarHandle.fullFence();
        // Most pages are written many times, and by several threads: a look leaves the cache line shared.
        if ((word(i) & bits) != bits) {
            WORD.getAndBitwiseOr(words, i, bits);
        }
    }

    private void check(long from, long to) {
        if (from < 0 || from > to || to > pages) {
            throw new IndexOutOfBoundsException("pages [" + from + ", " + to + ") of " + pages);
        }
    }

    private void require(PageSet other) {
        if (other.pages != pages) {
            throw new IllegalArgumentException("a set over " + other.pages + " pages, not " + pages);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PageSet that && that.pages == pages && Arrays.equals(words, that.words);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(words);
    }

    @Override
    public String toString() {
        return count() + " of " + pages + " pages";
    }
}
