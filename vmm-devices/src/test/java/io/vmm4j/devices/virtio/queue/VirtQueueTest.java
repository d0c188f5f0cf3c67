package io.vmm4j.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What both ring formats promise, with and without indirect descriptors and event index: virtio 1.2, sections 2.7 and 2.8. */
final class VirtQueueTest {

    private static final long SPLIT = 1L << 32;
    private static final long PACKED = 1L << 34;
    private static final long INDIRECT = 1L << 28;
    private static final long EVENT_IDX = 1L << 29;
    private static final int SIZE = 8;
    private static final long TABLE = 0x50000;

    private final GuestMemory memory = GuestRam.of(1 << 20);

    private StoppableQueue open(DriverQueue driver, long features) throws VirtQueueException {
        return StoppableQueue.open(memory, driver.addresses(), 1024, features);
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, SPLIT | EVENT_IDX, PACKED, PACKED | EVENT_IDX})
    void anEmptyQueuePollsNull(long features) throws VirtQueueException {
        assertNull(open(DriverQueue.of(memory, 0x10000, SIZE, features), features).poll());
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, PACKED})
    void aChainKeepsTheOrderOfItsBuffers(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        GuestRam.put(memory, 0x20000, "head");
        GuestRam.put(memory, 0x20ffe, "body");
        int id = driver.add(Buffer.readable(0x20000, 4), Buffer.readable(0x20ffe, 4), Buffer.writable(0x30000, 5), Buffer.writable(0x31000, 6));
        DescriptorChain chain = queue.poll();
        assertEquals(id, chain.id());
        assertEquals(8, chain.readableLength());
        assertEquals(11, chain.writableLength());
        assertEquals(3, chain.readableCount(), "the second buffer crosses a chunk");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < chain.readableCount(); i++) {
            while (chain.readable(i).hasRemaining()) {
                text.append((char) chain.readable(i).get());
            }
        }
        assertEquals("headbody", text.toString());
        chain.writable(1).put((byte) 'x');
        assertEquals('x', GuestRam.get(memory, 0x31000, 1)[0]);
        assertNull(queue.poll());
        queue.pushUsed(chain, 6);
        assertEquals(new Used(id, 6), driver.takeUsed());
        assertNull(driver.takeUsed());
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT | INDIRECT, PACKED | INDIRECT})
    void anIndirectTableIsOneElementOfTheRing(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, 2, features);
        StoppableQueue queue = open(driver, features);
        for (int i = 0; i < 2; i++) {
            driver.addIndirect(TABLE - 8 + 64 * i, Buffer.readable(0x20000 + i, 1), Buffer.writable(0x30000, 2));
        }
        DescriptorChain first = queue.poll();
        DescriptorChain second = queue.poll();
        assertEquals(1, first.readableLength());
        assertEquals(2, second.writableLength());
        queue.pushUsed(second, 2);
        queue.pushUsed(first, 1);
        assertEquals(new Used(second.id(), 2), driver.takeUsed());
        assertEquals(new Used(first.id(), 1), driver.takeUsed());
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT | INDIRECT, PACKED | INDIRECT})
    void aChainIsAtMostAsLongAsTheQueue(long features) throws VirtQueueException {
        Buffer[] buffers = new Buffer[SIZE];
        Arrays.fill(buffers, Buffer.readable(0x20000, 1));
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        driver.add(buffers);
        DescriptorChain direct = queue.poll();
        assertEquals(SIZE, direct.readableLength());
        queue.pushUsed(direct, 0);
        assertNotNull(driver.takeUsed());
        driver.addIndirect(TABLE, buffers);
        DescriptorChain indirect = queue.poll();
        assertEquals(SIZE, indirect.readableLength());
        queue.pushUsed(indirect, 0);
        assertNotNull(driver.takeUsed());
        Buffer[] longer = Arrays.copyOf(buffers, SIZE + 1);
        longer[SIZE] = Buffer.readable(0x20000, 1);
        driver.addIndirect(TABLE, longer);
        assertThrows(VirtQueueException.class, queue::poll);
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, PACKED})
    void anUndonePollComesAgain(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        for (int lap = 0; lap < 3 * SIZE; lap++) {
            int id = driver.add(Buffer.readable(0x20000, 4), Buffer.readable(0x20004, 4), Buffer.readable(0x20008, 4));
            queue.poll();
            queue.undoPoll();
            DescriptorChain chain = queue.poll();
            assertEquals(id, chain.id());
            assertEquals(12, chain.readableLength());
            queue.pushUsed(chain, 0);
            assertEquals(id, driver.takeUsed().id());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, SPLIT | EVENT_IDX, PACKED, PACKED | EVENT_IDX})
    void theDriverIsInterruptedOnceForEachBatchItWaitsFor(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        for (int lap = 0; lap < 3 * SIZE; lap++) {
            assertFalse(queue.needsInterrupt(), "nothing was pushed");
            for (int i = 0; i < 3; i++) {
                driver.add(Buffer.writable(0x20000, 4));
            }
            for (int i = 0; i < 3; i++) {
                queue.pushUsed(queue.poll(), 4);
            }
            assertTrue(queue.needsInterrupt(), "lap " + lap);
            assertFalse(queue.needsInterrupt(), "already told");
            for (int i = 0; i < 3; i++) {
                assertNotNull(driver.takeUsed());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT | EVENT_IDX, PACKED | EVENT_IDX})
    void withEventIndexNothingIsSaidBehindTheEvent(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        driver.add(Buffer.writable(0x20000, 4));
        driver.add(Buffer.writable(0x20000, 4));
        queue.pushUsed(queue.poll(), 4);
        assertTrue(queue.needsInterrupt());
        queue.pushUsed(queue.poll(), 4);
        assertFalse(queue.needsInterrupt(), "the driver has not looked yet, so it has not asked again");
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, SPLIT | EVENT_IDX, PACKED, PACKED | EVENT_IDX})
    void aDriverThatPollsIsNotInterrupted(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        driver.enableInterrupts(false);
        driver.add(Buffer.writable(0x20000, 4));
        queue.pushUsed(queue.poll(), 4);
        assertFalse(queue.needsInterrupt());
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, SPLIT | EVENT_IDX})
    void aRestingSplitQueueHasNoFlagsSet(long features) throws Exception {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        memory.writeU16(driver.addresses().device(), 1);
        assertFalse(queue.enableNotifications());
        assertEquals(0, memory.readU16(driver.addresses().device()), "used.flags, section 2.7.10.2");
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, SPLIT | EVENT_IDX, PACKED, PACKED | EVENT_IDX})
    void kicksAreAskedForOnlyWhileTheDeviceRests(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        for (int lap = 0; lap < 3 * SIZE; lap++) {
            assertFalse(queue.enableNotifications());
            driver.add(Buffer.writable(0x20000, 4));
            assertTrue(driver.needsKick(), "the device rests, lap " + lap);
            queue.disableNotifications();
            queue.pushUsed(queue.poll(), 4);
            driver.takeUsed();
            driver.add(Buffer.writable(0x20000, 4));
            assertFalse(driver.needsKick(), "the device looks by itself, lap " + lap);
            assertTrue(queue.enableNotifications(), "the chain that came meanwhile is not lost");
            queue.pushUsed(queue.poll(), 4);
            driver.takeUsed();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, PACKED})
    void aStoppedQueueTouchesNothing(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        driver.add(Buffer.writable(0x20000, 4));
        driver.add(Buffer.writable(0x20000, 4));
        DescriptorChain chain = queue.poll();
        queue.stop();
        assertNull(queue.poll());
        byte[] before = GuestRam.get(memory, 0x10000, 512);
        queue.pushUsed(chain, 4);
        queue.disableNotifications();
        assertFalse(queue.enableNotifications());
        assertFalse(queue.needsInterrupt());
        assertArrayEquals(before, GuestRam.get(memory, 0x10000, 512));
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, PACKED})
    void aChainOfTheQueueBeforeTheResetIsDropped(long features) throws VirtQueueException {
        DriverQueue before = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue old = open(before, features);
        before.add(Buffer.writable(0x20000, 4));
        before.add(Buffer.writable(0x20000, 4));
        DescriptorChain late = old.poll();
        DescriptorChain later = old.poll();
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        for (int i = 0; i < SIZE; i++) {
            driver.add(Buffer.writable(0x20000, 4));
        }
        DescriptorChain own = queue.poll();
        queue.pushUsed(late, 1);
        assertFalse(queue.needsInterrupt());
        assertNull(driver.takeUsed(), "the driver has not made it available");
        queue.pushUsed(new DescriptorChain[] {late, own, later}, new long[] {1, 2, 3}, 3);
        assertEquals(new Used(own.id(), 2), driver.takeUsed());
        assertNull(driver.takeUsed());
        for (int i = 1; i < SIZE; i++) {
            queue.pushUsed(queue.poll(), 4);
            assertEquals(4, driver.takeUsed().length());
        }
        assertNull(queue.poll());
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, PACKED})
    void aChainIsGivenBackOnlyOnce(long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = open(driver, features);
        driver.add(Buffer.writable(0x20000, 4));
        DescriptorChain chain = queue.poll();
        queue.pushUsed(chain, 0);
        assertThrows(IllegalStateException.class, () -> queue.pushUsed(chain, 0));
        assertThrows(IllegalStateException.class, queue::undoPoll);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 64, 1000, 1023, 1024})
    void everySizeOfTheFormatWorksAndWakesBothSidesInTime(int size) throws VirtQueueException {
        for (long features : new long[] {SPLIT, SPLIT | EVENT_IDX, PACKED, PACKED | EVENT_IDX}) {
            if ((features & PACKED) != 0 || Integer.bitCount(size) == 1) {
                alternate(size, features);
                fillAndDrain(size, features);
            }
        }
    }

    private void alternate(int size, long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, size, features);
        StoppableQueue queue = open(driver, features);
        for (int round = 0; round < 5 * size + 7; round++) {
            String where = "size " + size + ", features " + Long.toHexString(features) + ", round " + round;
            assertFalse(queue.enableNotifications(), where);
            Buffer[] buffers = new Buffer[Math.min(size, 1 + round % 3)];
            Arrays.fill(buffers, Buffer.writable(0x80000, 4));
            int id = driver.add(buffers);
            assertTrue(driver.needsKick(), where);
            DescriptorChain chain = queue.poll();
            assertEquals(4L * buffers.length, chain.writableLength(), where);
            queue.pushUsed(chain, 3);
            assertTrue(queue.needsInterrupt(), where);
            assertEquals(new Used(id, 3), driver.takeUsed(), where);
        }
    }

    private void fillAndDrain(int size, long features) throws VirtQueueException {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, size, features);
        StoppableQueue queue = open(driver, features);
        DescriptorChain[] held = new DescriptorChain[size];
        for (int lap = 0; lap < 5; lap++) {
            String where = "size " + size + ", features " + Long.toHexString(features) + ", lap " + lap;
            assertFalse(queue.enableNotifications(), where);
            for (int i = 0; i < size; i++) {
                driver.add(Buffer.writable(0x80000, 4));
            }
            assertTrue(driver.needsKick(), where);
            for (int i = 0; i < size; i++) {
                held[i] = queue.poll();
            }
            assertNull(queue.poll(), where);
            for (int i = size - 1; i >= 0; i--) {
                queue.pushUsed(held[i], 4);
            }
            assertTrue(queue.needsInterrupt(), where);
            for (int i = size - 1; i >= 0; i--) {
                assertEquals(held[i].id(), driver.takeUsed().id(), where);
            }
            assertNull(driver.takeUsed(), where);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, SPLIT | EVENT_IDX | INDIRECT, PACKED, PACKED | EVENT_IDX | INDIRECT})
    void randomTrafficOverManyLapsLosesNothing(long features) throws VirtQueueException {
        long seed = 42 + features;
        System.out.println("randomTrafficOverManyLapsLosesNothing: seed " + seed);
        Random random = new Random(seed);
        DriverQueue driver = DriverQueue.of(memory, 0x10000, 16, features);
        StoppableQueue queue = open(driver, features);
        Map<Integer, long[]> added = new HashMap<>();
        List<DescriptorChain> held = new ArrayList<>();
        int free = 16;
        Map<Integer, Integer> slots = new HashMap<>();
        for (int round = 0; round < 200_000; round++) {
            if (random.nextBoolean() && free >= 4) {
                int readable = random.nextInt(3);
                int writable = random.nextInt(2) + (readable == 0 ? 1 : 0);
                Buffer[] buffers = new Buffer[readable + writable];
                long[] lengths = new long[2];
                for (int i = 0; i < buffers.length; i++) {
                    int length = random.nextInt(9000);
                    buffers[i] = new Buffer(0x20000 + random.nextInt(0x10000), length, i >= readable);
                    lengths[i >= readable ? 1 : 0] += length;
                }
                boolean isIndirect = (features & INDIRECT) != 0 && random.nextBoolean();
                int id = isIndirect ? driver.addIndirect(TABLE + 64L * random.nextInt(64), buffers) : driver.add(buffers);
                if (isIndirect && !held.isEmpty()) {
                    take(queue, added, id, lengths, held); // its table may be overwritten by the next
                } else {
                    added.put(id, lengths);
                    if (isIndirect) {
                        poll(queue, added, held);
                    }
                }
                slots.put(id, isIndirect ? 1 : buffers.length);
                free -= slots.get(id);
            }
            if (random.nextInt(3) == 0) {
                poll(queue, added, held);
            }
            if (random.nextInt(3) == 0 && !held.isEmpty()) {
                Collections.swap(held, 0, random.nextInt(held.size()));
                DescriptorChain chain = held.remove(0);
                long written = chain.writableLength();
                int id = chain.id();
                queue.pushUsed(chain, written);
                assertEquals(new Used(id, written), driver.takeUsed());
                free += slots.remove(id);
            }
        }
    }

    private static void poll(StoppableQueue queue, Map<Integer, long[]> added, List<DescriptorChain> held) throws VirtQueueException {
        for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
            long[] lengths = added.remove(chain.id());
            assertEquals(lengths[0], chain.readableLength());
            assertEquals(lengths[1], chain.writableLength());
            held.add(chain);
        }
        assertTrue(added.isEmpty(), "all that was added is polled");
    }

    private static void take(StoppableQueue queue, Map<Integer, long[]> added, int id, long[] lengths, List<DescriptorChain> held)
            throws VirtQueueException {
        added.put(id, lengths);
        poll(queue, added, held);
    }
}
