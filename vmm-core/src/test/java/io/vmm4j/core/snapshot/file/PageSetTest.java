package io.vmm4j.core.snapshot.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class PageSetTest {

    private static BitSet model(PageSet set) {
        BitSet model = new BitSet();
        for (int page = 0; page < set.pages(); page++) {
            model.set(page, set.contains(page));
        }
        return model;
    }

    @RepeatedTest(50)
    void itIsASetWhateverIsDoneToIt() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int pages = 1 + random.nextInt(400);
        PageSet set = new PageSet(pages);
        BitSet model = new BitSet(pages);
        for (int i = 0; i < 12; i++) {
            int from = random.nextInt(pages + 1);
            int to = from + random.nextInt(pages + 1 - from);
            switch (random.nextInt(3)) {
                case 0 -> {
                    set.addRange(from, to);
                    model.set(from, to);
                }
                case 1 -> {
                    int page = random.nextInt(pages);
                    set.add(page);
                    model.set(page);
                }
                default -> {
                    BitSet bits = new BitSet();
                    for (int bit = from; bit < to; bit++) {
                        bits.set(bit - from, random.nextInt(4) == 0);
                    }
                    set.addBitmap(bits.toLongArray(), from);
                    bits.stream().forEach(bit -> model.set(from + bit));
                }
            }
            assertEquals(model, model(set), "seed " + seed);
            assertEquals(model.cardinality(), set.count(), "seed " + seed);
            assertEquals(model.isEmpty(), set.isEmpty(), "seed " + seed);
        }
        BitSet fromRuns = new BitSet();
        List<Long> bounds = new ArrayList<>();
        set.forEachRun((from, to) -> {
            fromRuns.set((int) from, (int) to);
            bounds.add(from);
            bounds.add(to);
        });
        assertEquals(model, fromRuns, "seed " + seed);
        for (int i = 1; i < bounds.size(); i++) {
            assertTrue(bounds.get(i - 1) < bounds.get(i), "runs are apart, and none is empty; seed " + seed);
        }
        assertEquals(set, PageSet.fromBytes(pages, set.toBytes()), "seed " + seed);
        PageSet other = new PageSet(pages);
        other.addRange(pages / 3, pages / 2);
        PageSet both = set.copy();
        both.retainAll(other);
        BitSet and = (BitSet) model.clone();
        and.and(model(other));
        assertEquals(and, model(both), "seed " + seed);
        set.addAll(other);
        model.or(model(other));
        assertEquals(model, model(set), "seed " + seed);
        assertEquals(model, model(set.take()), "seed " + seed);
        assertTrue(set.isEmpty());
    }

    @Test
    void aBitmapBelongsToItsSlot() {
        PageSet set = new PageSet(1 << 20);
        set.addBitmap(new long[] {1, 1L << 63}, 786_431);
        assertEquals(2, set.count());
        assertTrue(set.contains(786_431) && set.contains(786_431 + 127));
        assertThrows(IndexOutOfBoundsException.class, () -> set.addBitmap(new long[] {2}, (1 << 20) - 1));
    }

    @Test
    void bytesTouchWholePages() {
        PageSet set = new PageSet(10);
        set.addBytes(4095, 2);
        set.addBytes(20480, 0);
        set.addBytes(24576, 4096);
        assertEquals("3 of 10 pages", set.toString());
        assertTrue(set.contains(0) && set.contains(1) && set.contains(6));
    }

    @Test
    void whatIsOutsideIsRefused() {
        PageSet set = new PageSet(65);
        assertThrows(IndexOutOfBoundsException.class, () -> set.add(65));
        assertThrows(IndexOutOfBoundsException.class, () -> set.add(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> set.addRange(3, 66));
        assertThrows(IllegalArgumentException.class, () -> set.addAll(new PageSet(64)));
        assertThrows(IllegalArgumentException.class, () -> PageSet.fromBytes(65, new byte[8]));
        byte[] behind = new byte[9];
        behind[8] = 2;
        assertThrows(IllegalArgumentException.class, () -> PageSet.fromBytes(65, behind));
        assertFalse(set.contains(64));
    }

    @Test
    void noPageIsLostThatIsAddedWhileItIsTaken() throws Exception {
        PageSet set = new PageSet(256);
        PageSet all = new PageSet(256);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int own = i;
            threads.add(new Thread(() -> {
                for (int page = own; page < 256; page += 4) {
                    set.add(page);
                }
            }));
        }
        threads.forEach(Thread::start);
        while (threads.stream().anyMatch(Thread::isAlive)) {
            all.addAll(set.take());
        }
        all.addAll(set.take());
        assertEquals(PageSet.full(256), all);
    }
}
