package io.vmm4j.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.OrderedMemory;
import io.vmm4j.devices.testing.OrderedMemory.Access;
import io.vmm4j.devices.testing.OrderedMemory.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a driver on another processor relies on: virtio 1.2, sections 2.7.13, 2.7.14, 2.8.21 and 2.8.22. */
final class StoreOrderTest {

    private static final long PACKED = 1L << 34;
    private static final long EVENT_IDX = 1L << 29;

    private final OrderedMemory memory = new OrderedMemory(GuestRam.of(1 << 18));

    @Test
    void splitUsedElementIsStoredBeforeTheReleaseOfTheIndex() throws VirtQueueException {
        DriverQueue driver = DriverQueue.split(memory, 0x10000, 8, 0);
        StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, 0);
        int id = driver.add(Buffer.writable(0x20000, 4));
        DescriptorChain chain = queue.poll();
        memory.forget();
        queue.pushUsed(chain, 4);
        long used = driver.addresses().device();
        assertEquals(List.of(
            new Access(Kind.WRITE, used + 4, 4, id),
            new Access(Kind.WRITE, used + 8, 4, 4),
            new Access(Kind.WRITE_RELEASE, used + 2, 2, 1)), memory.stores());
    }

    @Test
    void packedIdAndLengthAreStoredBeforeTheReleaseOfTheFlags() throws VirtQueueException {
        DriverQueue driver = DriverQueue.packed(memory, 0x10000, 8, PACKED);
        StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, PACKED);
        int id = driver.add(Buffer.writable(0x20000, 4));
        DescriptorChain chain = queue.poll();
        memory.forget();
        queue.pushUsed(chain, 4);
        assertEquals(List.of(
            new Access(Kind.WRITE, 0x10000 + 12, 2, id),
            new Access(Kind.WRITE, 0x10000 + 8, 4, 4),
            new Access(Kind.WRITE_RELEASE, 0x10000 + 14, 2, 0x8082)), memory.stores());
    }

    @Test
    void splitPollReadsTheIndexWithAcquireBeforeAnythingElse() throws VirtQueueException {
        DriverQueue driver = DriverQueue.split(memory, 0x10000, 8, 0);
        StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, 0);
        driver.add(Buffer.writable(0x20000, 4));
        memory.forget();
        queue.poll();
        assertEquals(new Access(Kind.READ_ACQUIRE, driver.addresses().driver() + 2, 2, 1), memory.accesses().get(0));
    }

    @Test
    void packedPollReadsTheFlagsWithAcquireBeforeAnythingElse() throws VirtQueueException {
        DriverQueue driver = DriverQueue.packed(memory, 0x10000, 8, PACKED);
        StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, PACKED);
        driver.add(Buffer.writable(0x20000, 4));
        memory.forget();
        queue.poll();
        assertEquals(new Access(Kind.READ_ACQUIRE, 0x10000 + 14, 2, 0x82), memory.accesses().get(0));
    }

    @Test
    void aFenceStandsBetweenPushAndTheLookAtTheDriversWish() throws VirtQueueException {
        for (long features : new long[] {0, EVENT_IDX, PACKED, PACKED | EVENT_IDX}) {
            DriverQueue driver = DriverQueue.of(memory, 0x10000, 8, features);
            StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, features);
            driver.add(Buffer.writable(0x20000, 4));
            queue.pushUsed(queue.poll(), 4);
            memory.forget();
            queue.needsInterrupt();
            assertEquals(Kind.FENCE, memory.accesses().get(0).kind(), "features " + Long.toHexString(features));
            assertTrue(memory.accesses().size() > 1);
        }
    }

    @Test
    void aFenceStandsBetweenTheDevicesWishAndTheLookAtTheRing() throws VirtQueueException {
        for (long features : new long[] {0, EVENT_IDX, PACKED, PACKED | EVENT_IDX}) {
            DriverQueue driver = DriverQueue.of(memory, 0x10000, 8, features);
            StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, features);
            memory.forget();
            queue.enableNotifications();
            List<Kind> kinds = memory.accesses().stream().map(Access::kind).toList();
            int fence = kinds.indexOf(Kind.FENCE);
            assertTrue(fence > 0 && kinds.indexOf(Kind.READ_ACQUIRE) > fence, kinds.toString());
            assertTrue(memory.stores().size() >= 1 && kinds.lastIndexOf(Kind.WRITE) < fence && kinds.lastIndexOf(Kind.WRITE_RELEASE) < fence);
        }
    }
}
