package io.vmm4j.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.PackedDriverQueue;
import io.vmm4j.devices.testing.SplitDriverQueue;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A driver that wants to hear only of a later buffer, as Linux does that has most of a ring outstanding, hears of exactly that
 * one, wherever rings and 16-bit indices wrap: virtio 1.2, sections 2.7.7 and 2.8.10.
 */
final class DelayedEventTest {

    private static final long PACKED = 1L << 34;
    private static final long EVENT_IDX = 1L << 29;
    /** Used elements of a run: a 16-bit index wraps. */
    private static final int ELEMENTS = 65536 + 5000;

    private final GuestMemory memory = GuestRam.of(1 << 18);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 64, 1000})
    void packed(int size) throws VirtQueueException {
        PackedDriverQueue driver = DriverQueue.packed(memory, 0x10000, size, EVENT_IDX);
        run(driver, PACKED | EVENT_IDX, size,
            position -> driver.rawDriverEvent((int) (position % size) | (position / size % 2 == 0 ? 0x8000 : 0), 2));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 64, 1024})
    void split(int size) throws VirtQueueException {
        SplitDriverQueue driver = DriverQueue.split(memory, 0x10000, size, EVENT_IDX);
        run(driver, EVENT_IDX, size, position -> driver.usedEvent((int) position & 0xFFFF));
    }

    /** Asks for an interrupt at the used element that is at {@code position}, counted from the first. */
    private interface Wish {
        void at(long position);
    }

    private void run(DriverQueue driver, long features, int size, Wish wish) throws VirtQueueException {
        Random random = new Random(size);
        StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), size, features);
        Deque<DescriptorChain> held = new ArrayDeque<>();
        long taken = 0;
        long used = 0;
        while (used < ELEMENTS) {
            for (int i = 1 + random.nextInt(size - held.size()); i > 0; i--) {
                driver.add(Buffer.writable(0x30000, 4));
                held.add(queue.poll());
            }
            long wanted = taken + random.nextInt(held.size());
            wish.at(wanted);
            while (used <= wanted) {
                long before = used;
                int batch = 1 + random.nextInt(held.size());
                for (int i = 0; i < batch; i++) {
                    queue.pushUsed(held.remove(), 0);
                }
                used += batch;
                assertEquals(wanted >= before && wanted < used, queue.needsInterrupt(),
                    "size " + size + ", wish " + wanted + ", used " + before + " to " + used);
            }
            if (!held.isEmpty() && random.nextBoolean()) {
                queue.pushUsed(held.remove(), 0);
                used++;
                assertFalse(queue.needsInterrupt(), "the driver has heard of " + wanted + " and asked for nothing else");
            }
            while (taken < used) {
                assertTrue(driver.takeUsed() != null);
                taken++;
            }
        }
    }
}
