package io.vmm4j.devices.virtio.queue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.AllocationMeter;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Taking a chain and giving it back makes no garbage, in either ring format. */
final class VirtQueueAllocationTest {

    private static final long VERSION_1 = 1L << 32;
    private static final long INDIRECT = 1L << 28;
    private static final long EVENT_IDX = 1L << 29;
    private static final long PACKED = 1L << 34;
    private static final int SIZE = 16;
    private static final Buffer[] CHAIN = {Buffer.readable(0x20000, 16), Buffer.writable(0x30ff0, 4096), Buffer.writable(0x40000, 1)};

    @ParameterizedTest
    @ValueSource(longs = {VERSION_1, VERSION_1 | INDIRECT, VERSION_1 | EVENT_IDX, VERSION_1 | PACKED, VERSION_1 | PACKED | INDIRECT,
        VERSION_1 | PACKED | EVENT_IDX})
    void aPollAndAPushAllocateNothing(long features) throws VirtQueueException {
        GuestMemory memory = GuestRam.of(1 << 20);
        DriverQueue driver = DriverQueue.of(memory, 0x10000, SIZE, features);
        StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), SIZE, features);
        boolean throughTable = (features & INDIRECT) != 0;
        AllocationMeter.assertNone(() -> {
            if (throughTable) {
                driver.addIndirect(0x50000, CHAIN);
            } else {
                driver.add(CHAIN);
            }
        }, () -> serve(queue), driver::takeUsed);
    }

    private static void serve(StoppableQueue queue) {
        try {
            queue.disableNotifications();
            DescriptorChain chain = queue.poll();
            queue.pushUsed(chain, chain.writableLength());
            queue.needsInterrupt();
            queue.enableNotifications();
        } catch (VirtQueueException e) {
            throw new IllegalStateException(e);
        }
    }
}
