package io.vmm4j.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.OrderedMemory;
import io.vmm4j.devices.testing.OrderedMemory.Access;
import io.vmm4j.devices.testing.OrderedMemory.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several chains given back at once reach the driver all together: virtio 1.2, section 5.1.6.4. */
final class BatchUsedTest {

    private static final long PACKED = 1L << 34;

    private final OrderedMemory memory = new OrderedMemory(GuestRam.of(1 << 18));

    private void pushThree(DriverQueue driver, long features) throws VirtQueueException {
        StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, features);
        for (int i = 0; i < 3; i++) {
            driver.add(Buffer.writable(0x20000 + 16 * i, 16));
        }
        DescriptorChain[] chains = {queue.poll(), queue.poll(), queue.poll(), null};
        memory.forget();
        queue.pushUsed(chains, new long[] {11, 12, 13, 0}, 3);
    }

    @Test
    void splitIndexIsReleasedOnceBehindAllElements() throws VirtQueueException {
        DriverQueue driver = DriverQueue.split(memory, 0x10000, 8, 0);
        pushThree(driver, 0);
        List<Access> stores = memory.stores();
        assertEquals(7, stores.size());
        assertEquals(new Access(Kind.WRITE_RELEASE, driver.addresses().device() + 2, 2, 3), stores.get(6));
        assertEquals(new Used(0, 11), driver.takeUsed());
        assertEquals(new Used(1, 12), driver.takeUsed());
        assertEquals(new Used(2, 13), driver.takeUsed());
        assertNull(driver.takeUsed());
    }

    @Test
    void packedFlagsOfTheFirstAreReleasedBehindTheOthers() throws VirtQueueException {
        DriverQueue driver = DriverQueue.packed(memory, 0x10000, 8, PACKED);
        pushThree(driver, PACKED);
        List<Access> stores = memory.stores();
        assertEquals(9, stores.size());
        assertEquals(new Access(Kind.WRITE_RELEASE, 0x10000 + 14, 2, 0x8082), stores.get(8), "the driver looks here first");
        assertEquals(new Used(0, 11), driver.takeUsed());
        assertEquals(new Used(1, 12), driver.takeUsed());
        assertEquals(new Used(2, 13), driver.takeUsed());
        assertNull(driver.takeUsed());
    }

    @Test
    void chainsGivenBackAfterAStopReachNoRing() throws VirtQueueException {
        for (long features : new long[] {0, PACKED}) {
            DriverQueue driver = DriverQueue.of(memory, 0x10000, 8, features);
            StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, features);
            driver.add(Buffer.writable(0x20000, 16));
            driver.add(Buffer.writable(0x20000, 16));
            DescriptorChain[] chains = {queue.poll(), queue.poll()};
            queue.stop();
            memory.forget();
            queue.pushUsed(chains, new long[] {1, 2}, 2);
            assertEquals(List.of(), memory.stores());
        }
    }
}
