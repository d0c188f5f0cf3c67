package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.kvm.abi.KvmCoalescedMmioRing;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The consumer's side of the ring, with the test as the producer. Needs no KVM. */
final class CoalescedRingTest {
    private final ByteBuffer page = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    private final CoalescedRing ring = new CoalescedRing();
    private final RecordingHandler handler = new RecordingHandler();

    private void produce(long address, int length, int pio, long data) {
        int last = page.getInt(4);
        int entry = 8 + last * 24;
        page.putLong(entry, address).putInt(entry + 8, length).putInt(entry + 12, pio).putLong(entry + 16, data);
        page.putInt(4, (last + 1) % 170);
    }

    @Test
    void entriesAreDeliveredByKindAndWidth() {
        produce(0x3f8, 1, 1, 0x41);
        produce(0xC0000000L, 8, 0, 0x8122334455667788L);
        produce(0xC0000FFEL, 3, 0, 0x665544);
        assertEquals(3, ring.drain(page, handler));
        assertEquals(List.of("out 3f8/1=41", "write c0000000/8=8122334455667788",
                "write c0000ffe/2=5544", "write c0001000/1=66"), handler.accesses);
        assertEquals(0, ring.drain(page, handler), "each once");
    }

    @Test
    void indicesWrapAtTheEndOfThePage() {
        page.putInt(0, 169).putInt(4, 169);
        produce(1, 1, 1, 0xA);
        produce(2, 1, 1, 0xB);
        assertEquals(2, ring.drain(page, handler));
        assertEquals(List.of("out 1/1=a", "out 2/1=b"), handler.accesses);
        assertEquals(1, page.getInt(0));
    }

    @Test
    void aProducerThatNeverStopsIsLeftAfterOneRing() {
        RecordingHandler refilling = new RecordingHandler() {
            @Override
            public void ioOut(int port, int width, long value) {
                super.ioOut(port, width, value);
                produce(port, 1, 1, 0);
            }
        };
        produce(1, 1, 1, 0);
        assertEquals(KvmCoalescedMmioRing.MAX_ENTRIES, ring.drain(page, refilling));
    }

    @Test
    void aHandlerThatDrainsAgainGetsNothingTwice() {
        RecordingHandler draining = new RecordingHandler() {
            @Override
            public void ioOut(int port, int width, long value) {
                super.ioOut(port, width, value);
                assertEquals(0, ring.drain(page, this));
            }
        };
        produce(1, 1, 1, 1);
        produce(2, 1, 1, 2);
        assertEquals(2, ring.drain(page, draining));
        assertEquals(List.of("out 1/1=1", "out 2/1=2"), draining.accesses);
    }
}
