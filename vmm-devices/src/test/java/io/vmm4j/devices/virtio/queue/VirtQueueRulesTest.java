package io.vmm4j.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.PackedDriverQueue;
import io.vmm4j.devices.testing.SplitDriverQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.Mockito;

/** Where a queue may lie, which of a driver's breaches is told as what, and what is not taken for negotiated. */
final class VirtQueueRulesTest {

    private static final long SPLIT = 1L << 32;
    private static final long PACKED = 1L << 34;
    private static final long INDIRECT = 1L << 28;
    private static final long EVENT_IDX = 1L << 29;
    private static final int SIZE = 8;
    private static final int RAM = 1 << 20;
    private static final long TABLE = 0x50000;

    private final GuestMemory memory = GuestRam.of(RAM);

    private StoppableQueue open(DriverQueue driver, long features) throws VirtQueueException {
        return StoppableQueue.open(memory, driver.addresses(), 1024, features);
    }

    private static String refusal(StoppableQueue queue) {
        return assertThrows(VirtQueueException.class, queue::poll).getMessage();
    }

    /** Lengths of the parts of a queue of 8 elements, written out: sections 2.7 and 2.8.10. */
    @ParameterizedTest
    @CsvSource({
        "0x100000000,  128, 20, 68",
        "0x120000000,  128, 22, 70",
        "0x400000000,  128, 4,  4",
        "0x420000000,  128, 4,  4",
    })
    void eachPartMayEndWithRamAndNoByteBehindIt(String features, int desc, int driver, int device) throws VirtQueueException {
        int[] lengths = {desc, driver, device};
        int[] alignments = {16, 2, 4};
        if ((Long.decode(features) & PACKED) != 0) {
            alignments[1] = 4;
        }
        for (int part = 0; part < 3; part++) {
            long last = (RAM - lengths[part]) / alignments[part] * alignments[part];
            assertNotNull(openWith(Long.decode(features), part, last), "part " + part);
            int refused = part;
            assertThrows(VirtQueueException.class, () -> openWith(Long.decode(features), refused, last + alignments[refused]), "behind RAM, part " + part);
            assertThrows(VirtQueueException.class, () -> openWith(Long.decode(features), refused, 0x8000 + alignments[refused] / 2),
                    "misaligned, part " + part);
        }
    }

    private StoppableQueue openWith(long features, int part, long gpa) throws VirtQueueException {
        return StoppableQueue.open(memory, new QueueAddresses(SIZE, part == 0 ? gpa : 0x1000, part == 1 ? gpa : 0x2000, part == 2 ? gpa : 0x3000),
                1024, features);
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, SPLIT | EVENT_IDX, PACKED, PACKED | EVENT_IDX})
    void anIndirectTableThatWasNotNegotiatedIsRefused(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        driver.addIndirect(TABLE, Buffer.readable(0x20000, 4));
        assertTrue(refusal(queue).contains("not negotiated"));
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT | INDIRECT, PACKED | INDIRECT})
    void aRefusedChainIsNotHeld(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, 2, features);
        StoppableQueue queue = open(driver, features);
        driver.add(Buffer.readable(RAM, 1));
        String first = refusal(queue);
        for (int i = 0; i < 4; i++) {
            assertEquals(first, refusal(queue), "the same is wrong with it each time, and not that there are too many");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, PACKED})
    void aQueueKnowsThatItWasStopped(long features) throws VirtQueueException {
        StoppableQueue queue = open(DriverQueue.of(memory, 0x10000, SIZE, features), features);
        assertFalse(queue.isStopped());
        queue.stop();
        assertTrue(queue.isStopped());
    }

    @Test
    void aQueueWithoutAnEndIsNeverStopped() {
        assertFalse(Mockito.mock(VirtQueue.class, Mockito.CALLS_REAL_METHODS).isStopped());
    }

    @Test
    void aSplitChainStartsAndGoesOnWithinTheTable() throws VirtQueueException {
        SplitDriverQueue driver = DriverQueue.split(memory, 0x10000, SIZE, 0);
        StoppableQueue queue = open(driver, SPLIT);
        driver.rawDescriptor(0, 0x20000, 4, SplitDriverQueue.NEXT, SIZE);
        driver.publish(0);
        assertTrue(refusal(queue).contains("goes on at descriptor 8 of 8"));
        driver.rawAvailElement(0, SIZE);
        assertTrue(refusal(queue).contains("starts at descriptor 8 of 8"));
    }

    @Test
    void aChainInAnIndirectTableStaysInIt() throws VirtQueueException {
        SplitDriverQueue driver = DriverQueue.split(memory, 0x10000, SIZE, INDIRECT);
        StoppableQueue queue = open(driver, SPLIT | INDIRECT);
        driver.rawDescriptorAt(TABLE, 0x20000, 4, SplitDriverQueue.NEXT, 1);
        driver.rawDescriptorAt(TABLE + 16, 0x20000, 4, SplitDriverQueue.NEXT, 2);
        driver.rawDescriptor(0, TABLE, 32, SplitDriverQueue.INDIRECT, 0);
        driver.publish(0);
        assertTrue(refusal(queue).contains("goes on at descriptor 2 of 2"));
    }

    @Test
    void aBufferIsNotServedTwiceAtOnce() throws VirtQueueException {
        SplitDriverQueue driver = DriverQueue.split(memory, 0x10000, SIZE, 0);
        StoppableQueue queue = open(driver, SPLIT);
        driver.rawDescriptor(3, 0x20000, 4, 0, 0);
        driver.publish(3);
        driver.publish(3);
        DescriptorChain held = queue.poll();
        assertTrue(refusal(queue).contains("buffer 3 is available again before it was used"));
        queue.pushUsed(held, 0);
        assertEquals(3, queue.poll().id());
    }

    @Test
    void moreThanTheQueueHoldsCannotBeAvailable() throws VirtQueueException {
        SplitDriverQueue driver = DriverQueue.split(memory, 0x10000, SIZE, 0);
        StoppableQueue queue = open(driver, SPLIT);
        driver.add(Buffer.readable(0x20000, 4));
        driver.add(Buffer.readable(0x20000, 4));
        assertNotNull(queue.poll());
        assertNotNull(queue.poll());
        driver.rawAvailIdx(2 + SIZE - 1);
        assertTrue(refusal(queue).contains("ran 7 ahead with 2 in flight"));
    }

    @Test
    void aPackedChainStopsAtWhatIsInUse() throws VirtQueueException {
        PackedDriverQueue driver = DriverQueue.packed(memory, 0x10000, 4, 0);
        StoppableQueue queue = open(driver, PACKED);
        driver.add(Buffer.readable(0x20000, 4));
        assertNotNull(queue.poll());
        for (int i = 1; i < 4; i++) {
            driver.rawDescriptor(i, 0x20000, 4, 9, PackedDriverQueue.NEXT | driver.ownership());
        }
        assertTrue(refusal(queue).contains("runs into descriptors that were not used yet"));
    }

    @Test
    void withoutEventIndexAPackedDriversEventMeansAnyTime() throws VirtQueueException {
        PackedDriverQueue driver = DriverQueue.packed(memory, 0x10000, SIZE, 0);
        StoppableQueue queue = open(driver, PACKED);
        driver.add(Buffer.readable(0x20000, 4));
        driver.rawDriverEvent(5 | 0x8000, 2);
        queue.pushUsed(queue.poll(), 0);
        assertTrue(queue.needsInterrupt(), "RING_EVENT_FLAGS_DESC counts with VIRTIO_F_RING_EVENT_IDX only");
    }

    @Test
    void aPackedDeviceAsksInTheFormThatWasNegotiated() throws Exception {
        PackedDriverQueue plain = DriverQueue.packed(memory, 0x10000, SIZE, 0);
        open(plain, PACKED).enableNotifications();
        assertEquals(0, memory.readU16(plain.addresses().device() + 2), "RING_EVENT_FLAGS_ENABLE");
        PackedDriverQueue indexed = DriverQueue.packed(memory, 0x30000, SIZE, EVENT_IDX);
        open(indexed, PACKED | EVENT_IDX).enableNotifications();
        assertEquals(2, memory.readU16(indexed.addresses().device() + 2), "RING_EVENT_FLAGS_DESC");
        assertEquals(0x8000, memory.readU16(indexed.addresses().device()), "the first element, in the first lap");
    }

    @Test
    void aPackedElementSaysWhetherAnythingWasWritten() throws Exception {
        PackedDriverQueue driver = DriverQueue.packed(memory, 0x10000, SIZE, 0);
        StoppableQueue queue = open(driver, PACKED);
        driver.add(Buffer.writable(0x20000, 4));
        driver.add(Buffer.writable(0x20000, 4));
        queue.pushUsed(queue.poll(), 0);
        queue.pushUsed(queue.poll(), 1);
        assertEquals(0x8080, memory.readU16(0x10000 + 14));
        assertEquals(0x8082, memory.readU16(0x10000 + 16 + 14));
    }
}
