package io.vmm4j.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Driver and device on two threads that sleep until the other one wakes them: a notification lost either way ends in a timeout. */
final class VirtQueueRaceTest {

    private static final long PACKED = 1L << 34;
    private static final long EVENT_IDX = 1L << 29;
    private static final int CHAINS = 100_000;

    private final GuestMemory memory = GuestRam.of(1 << 18);
    private final Semaphore kicks = new Semaphore(0);
    private final Semaphore interrupts = new Semaphore(0);

    @ParameterizedTest
    @ValueSource(longs = {0, EVENT_IDX, PACKED, PACKED | EVENT_IDX})
    @Timeout(120)
    void noWakeUpIsLost(long features) throws Exception {
        DriverQueue driver = DriverQueue.of(memory, 0x10000, 8, features);
        StoppableQueue queue = StoppableQueue.open(memory, driver.addresses(), 8, features);
        ExecutorService device = Executors.newSingleThreadExecutor();
        try {
            Future<?> served = device.submit(() -> serve(queue));
            drive(driver);
            served.get(60, TimeUnit.SECONDS);
        } finally {
            device.shutdownNow();
        }
    }

    private Void serve(StoppableQueue queue) throws Exception {
        int done = 0;
        while (done < CHAINS) {
            queue.disableNotifications();
            for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
                int number = chain.readable(0).getInt();
                chain.writable(0).putInt(number + 1);
                queue.pushUsed(chain, 4);
                done++;
                if (done % 5 == 0 && queue.needsInterrupt()) {
                    interrupts.release();
                }
            }
            if (queue.needsInterrupt()) {
                interrupts.release();
            }
            if (!queue.enableNotifications() && done < CHAINS) {
                kicks.acquire();
                kicks.drainPermits();
            }
        }
        return null;
    }

    private void drive(DriverQueue driver) throws Exception {
        int added = 0;
        int taken = 0;
        while (taken < CHAINS) {
            while (added < CHAINS && added - taken < 4) {
                memory.writeU32(0x20000 + 8L * (added % 4), added);
                driver.add(Buffer.readable(0x20000 + 8L * (added % 4), 4), Buffer.writable(0x20004 + 8L * (added % 4), 4));
                added++;
            }
            if (driver.needsKick()) {
                kicks.release();
            }
            DriverQueue.Used used = driver.takeUsed();
            if (used == null) {
                driver.enableInterrupts(true);
                memory.fullFence();
                used = driver.takeUsed();
            }
            if (used == null) {
                interrupts.acquire();
                interrupts.drainPermits();
                continue;
            }
            assertEquals(taken + 1, memory.readU32(0x20004 + 8L * (taken % 4)), "what the device wrote is seen with the used buffer");
            taken++;
        }
        kicks.release();
    }
}
