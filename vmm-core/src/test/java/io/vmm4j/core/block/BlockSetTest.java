package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sets of blocks, against bits one by one. */
final class BlockSetTest {

    private final BlockSet set = new BlockSet();

    @Test
    void rangesOfAllLengthsAreFoundAsBitsWouldBe() {
        int end = 1 << 27; // four nodes
        Random random = new Random(8);
        BitSet expected = new BitSet(end);
        for (int i = 0; i < 200; i++) {
            int length = 1 + random.nextInt(1 << random.nextInt(27));
            int from = random.nextInt(end - length + 1);
            if (i % 3 == 0) { // whole leaves and nodes
                length = Math.max(4096, length & -4096);
                from = Math.min(from & -4096, end - length);
            }
            if (i == 150) {
                from = 1 << 25;
                length = 1 << 25;
            }
            set.add(from, from + length);
            expected.set(from, from + length);
            int at = random.nextInt(end);
            assertEquals(expected.get(at), set.contains(at), "seed 8, block " + at);
            int next = expected.nextSetBit(at);
            assertEquals(next < 0 ? end : next, set.next(at, end, true), "seed 8, from " + at);
            assertEquals(Math.min(end, expected.nextClearBit(at)), set.next(at, end, false), "seed 8, from " + at);
        }
    }

    @Test
    void aRangeOfTheWholeOfAVeryLongDiskTakesNoMemoryOfItsLength() {
        set.add(1, BlockSet.MAX_BLOCKS);
        assertFalse(set.contains(0));
        assertTrue(set.contains(1));
        assertTrue(set.contains(BlockSet.MAX_BLOCKS - 1));
        set.add(123_456_789, 123_456_999);
        assertEquals(BlockSet.MAX_BLOCKS, set.next(1, BlockSet.MAX_BLOCKS, false));
    }
}
