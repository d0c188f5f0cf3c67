package io.vmm4j.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a queue keeps of buffers that a guest has cut into many pieces. */
final class ChainPoolTest {

    private static final int SIZE = 1024;

    private final GuestMemory memory = GuestRam.of(4096);
    private final ChainPool pool = new ChainPool(SIZE);

    private BufferChain chainOf(int pieces) throws VirtQueueException {
        BufferChain chain = pool.take();
        for (int i = 0; i < pieces; i++) {
            chain.add(memory, i % 4096, 1, true);
        }
        return chain;
    }

    @Test
    void viewsOfChainsAreKeptUpToABound() throws VirtQueueException {
        for (int round = 0; round < 3; round++) {
            List<BufferChain> held = new ArrayList<>();
            for (int i = 0; i < 128; i++) {
                held.add(chainOf(SIZE));
            }
            held.forEach(pool::giveBack);
            assertTrue(pool.surplus() <= ChainPool.MAX_SURPLUS, pool.surplus() + " views are kept, of 131072");
            assertTrue(pool.surplus() > ChainPool.MAX_SURPLUS / 2, "those of a few chains are, so that they need not be made again");
        }
    }

    @Test
    void aChainThatGaveItsViewsBackIsAsGoodAsNew() throws VirtQueueException {
        List<BufferChain> held = new ArrayList<>();
        for (int i = 0; i < 128; i++) {
            held.add(chainOf(SIZE));
        }
        held.forEach(pool::giveBack);
        for (int i = 0; i < 128; i++) {
            BufferChain chain = chainOf(300);
            assertEquals(300, chain.writableCount());
            assertEquals(299, chain.writable(299).position());
            assertEquals(1, chain.writable(299).remaining());
        }
    }

    @Test
    void ordinaryChainsAreKeptWhole() throws VirtQueueException {
        List<BufferChain> held = new ArrayList<>();
        for (int i = 0; i < SIZE; i++) {
            held.add(chainOf(3));
        }
        held.forEach(pool::giveBack);
        assertEquals(0, pool.surplus());
    }

    @Test
    void viewsOfTheReadablePartAreGivenBackToo() throws VirtQueueException {
        for (int i = 0; i < 3; i++) {
            BufferChain chain = pool.take();
            for (int piece = 0; piece < 2 * ChainPool.MAX_SURPLUS; piece++) {
                chain.add(memory, 0, 1, false);
            }
            pool.giveBack(chain);
            assertEquals(0, pool.surplus());
        }
    }

    @Test
    void theBoundItselfMayBeKept() throws VirtQueueException {
        // A list of views has room for 4, and for twice as many whenever that does not do.
        BufferChain small = chainOf(5);
        BufferChain large = chainOf(4097);
        int surplus = small.surplus() + large.surplus();
        assertEquals(4 + 8188, surplus, "the lists' growth has changed: choose others that come to the bound");
        pool.giveBack(small);
        pool.giveBack(large);
        assertEquals(ChainPool.MAX_SURPLUS, pool.surplus());
    }

    @Test
    void noMoreChainsAreLentThanTheQueueHasElements() throws VirtQueueException {
        ChainPool two = new ChainPool(2);
        BufferChain first = two.take();
        two.take();
        assertEquals(2, two.lentCount());
        assertThrows(VirtQueueException.class, two::take);
        two.giveBack(first);
        assertEquals(1, two.lentCount());
        two.take();
    }

    @Test
    void aChainHoldsLessThan4GiBInBothPartsTogether() throws VirtQueueException {
        GuestMemory ram = GuestRam.of(1 << 20);
        BufferChain chain = pool.take();
        for (int i = 0; i < 4095; i++) {
            chain.add(ram, 0, 1 << 20, i >= 1000);
        }
        chain.add(ram, 0, (1 << 20) - 1, true);
        assertEquals(0xFFFF_FFFFL, chain.readableLength() + chain.writableLength());
        assertThrows(VirtQueueException.class, () -> chain.add(ram, 0, 1, true));
    }
}
