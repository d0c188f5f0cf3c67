package io.vmm4j.devices.virtio.queue;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Copies across the borders of a chain's views. */
final class ChainCopyTest {

    private final GuestMemory memory = GuestRam.of(1 << 16);
    private final BufferChain chain = new BufferChain(new ChainPool(8));

    /** "abc", nothing, "defgh" to read, and 2, 0 and 3 bytes to write. */
    @BeforeEach
    void fill() throws VirtQueueException {
        GuestRam.put(memory, 0x100, "abc");
        GuestRam.put(memory, 0x200, "defgh");
        chain.start();
        chain.add(memory, 0x100, 3, false);
        chain.add(memory, 0x180, 0, false);
        chain.add(memory, 0x200, 5, false);
        chain.add(memory, 0x300, 2, true);
        chain.add(memory, 0x380, 0, true);
        chain.add(memory, 0x400, 3, true);
    }

    private String read(int room) {
        ByteBuffer text = ByteBuffer.allocate(room);
        int length = ChainCopy.read(chain, text);
        assertEquals(text.position(), length, "the length told is that of what was copied");
        return new String(text.array(), 0, length, US_ASCII);
    }

    @Test
    void readingGoesOnWhereItEnded() {
        assertEquals("ab", read(2));
        assertEquals("cdef", read(4));
        assertEquals("gh", read(100));
        assertEquals("", read(100));
    }

    @Test
    void aFullBufferTakesNothing() {
        assertEquals("", read(0));
        assertEquals("abcdefgh", read(8));
    }

    @Test
    void whatIsSkippedIsNotRead() {
        ChainCopy.skip(chain, 0);
        assertEquals("a", read(1));
        ChainCopy.skip(chain, 3);
        assertEquals("efg", read(3));
        ChainCopy.skip(chain, 100);
        assertEquals("", read(8));
    }

    @Test
    void skippingUpToAViewsEndLeavesTheNextWhole() {
        ChainCopy.skip(chain, 3);
        assertEquals("defgh", read(8));
    }

    @Test
    void writingGoesOnWhereItEndedAndStopsAtTheEnd() {
        assertEquals(1, ChainCopy.write(chain, US_ASCII.encode("1")));
        ByteBuffer rest = US_ASCII.encode("23456789");
        assertEquals(4, ChainCopy.write(chain, rest));
        assertEquals(4, rest.remaining(), "what found no room is left");
        assertEquals(0, ChainCopy.write(chain, rest));
        assertEquals("12", new String(GuestRam.get(memory, 0x300, 2), US_ASCII));
        assertEquals("345", new String(GuestRam.get(memory, 0x400, 3), US_ASCII));
        assertEquals(0, GuestRam.get(memory, 0x403, 1)[0]);
    }

    @Test
    void writingNothingLeavesAllRoom() {
        assertEquals(0, ChainCopy.write(chain, ByteBuffer.allocate(0)));
        assertEquals(5, ChainCopy.write(chain, US_ASCII.encode("12345")));
    }
}
