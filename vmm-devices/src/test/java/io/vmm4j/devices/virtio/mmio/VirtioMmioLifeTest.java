package io.vmm4j.devices.virtio.mmio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A device's life behind virtio 1.2, section 4.2: from DRIVER_OK over notifications to the reset. */
final class VirtioMmioLifeTest extends MmioBench {

    @Test
    void driverOkActivatesOnTheLoopAndNotifiesEachQueueOnce() {
        driver.negotiate(VERSION_1 | OWN_FEATURE);
        driver.setUpQueue(0, DriverQueue.split(memory, 0x10000, 8, 0).addresses());
        driver.setUpQueue(2, DriverQueue.split(memory, 0x11000, 16, 0).addresses());
        driver.driverOk();
        assertEquals(15, driver.status());
        assertEquals(List.of(), device.calls, "the vCPU does not run the device");
        loop.run();
        assertEquals(List.of("activate", "notify 0", "notify 2"), device.calls);
        assertEquals(8, device.activation.queues().get(0).size());
        assertEquals(null, device.activation.queues().get(1));
        assertEquals(16, device.activation.queues().get(2).size());
        assertEquals(VERSION_1 | OWN_FEATURE, device.activation.driverFeatures());
    }

    @Test
    void aDeviceThatBreaksDownAtItsFirstQueueIsNotGivenTheNext() {
        device.isBroken = true;
        driver.negotiate(VERSION_1);
        driver.setUpQueue(0, DriverQueue.split(memory, 0x10000, 8, 0).addresses());
        driver.setUpQueue(2, DriverQueue.split(memory, 0x11000, 16, 0).addresses());
        driver.driverOk();
        loop.run();
        assertEquals(15 | 64, driver.status());
        assertEquals(List.of("activate", "notify 0"), device.calls);
    }

    @Test
    void aChangeOfTheConfigurationBeforeTheDeviceIsLiveIsToldOnceItIs() {
        start(VERSION_1);
        assertEquals(0, driver.read(0x060), "nothing has changed");
        driver.negotiate(VERSION_1);
        device.config.put(0, 8, 5); // the driver may have read it before
        assertEquals(0, driver.read(0x060));
        driver.driverOk();
        assertEquals(0, driver.read(0x060));
        loop.run();
        assertEquals(2, driver.read(0x060), "changed before DRIVER_OK");
        driver.negotiate(VERSION_1);
        driver.driverOk();
        device.config.put(0, 8, 6);
        loop.run();
        assertEquals(2, driver.read(0x060), "changed between DRIVER_OK and the activation");
        driver.negotiate(VERSION_1);
        driver.driverOk();
        loop.run();
        assertEquals(0, driver.read(0x060), "changed before the reset");
    }

    @Test
    void notificationsWaitOnTheLoopOncePerQueue() {
        start(VERSION_1);
        device.calls.clear();
        for (int i = 0; i < 1000; i++) {
            driver.notifyQueue(0);
        }
        driver.notifyQueue(2); // not ready
        assertEquals(2, loop.pendingTasks(), "however often the guest writes");
        loop.run();
        assertEquals(List.of("notify 0"), device.calls);
        transport.notifyQueue(0);
        transport.notifyQueue(-1);
        transport.notifyQueue(3);
        assertEquals(List.of("notify 0", "notify 0"), device.calls);
    }

    @Test
    void notificationsBeforeActivationAreDropped() {
        driver.notifyQueue(0);
        transport.notifyQueue(0);
        loop.run();
        assertEquals(List.of(), device.calls);
    }

    @Test
    void resetDropsTheActivationAndForgetsEverything() {
        start(VERSION_1 | OWN_FEATURE);
        device.activation.interrupt().usedBuffer(0);
        device.calls.clear();
        driver.reset();
        assertEquals(List.of("reset"), device.calls);
        assertEquals(0, driver.status());
        assertEquals(0, driver.read(0x060), "InterruptStatus");
        driver.write(0x030, 0);
        assertEquals(0, driver.read(0x044), "QueueReady");
        driver.notifyQueue(0);
        loop.run();
        assertEquals(List.of("reset"), device.calls);
        start(VERSION_1);
        assertEquals(VERSION_1, device.activation.driverFeatures(), "features of the life before are gone");
    }

    @Test
    void aReportOfTheLifeBeforeReachesNobody() {
        start(VERSION_1);
        VirtioActivation old = device.activation;
        driver.reset();
        line.takeEdges();
        old.interrupt().usedBuffer(0);
        old.interrupt().needsReset();
        assertEquals(0, line.edges());
        assertEquals(0, driver.status());
        assertEquals(0, driver.read(0x060));
    }

    @Test
    void aBufferGivenBackBehindTheResetReachesNoRing() throws VirtQueueException {
        for (long features : new long[] {VERSION_1, VERSION_1 | 1L << 34}) {
            start(features).add(DriverQueue.Buffer.writable(0x20000, 4));
            VirtQueue old = device.activation.queues().get(0);
            DescriptorChain late = old.poll();
            driver.reset();
            byte[] before = GuestRam.get(memory, 0x10000, 0x200);
            old.pushUsed(late, 4);
            old.disableNotifications();
            assertFalse(old.needsInterrupt());
            assertArrayEquals(before, GuestRam.get(memory, 0x10000, 0x200), "the memory is the guest's again, features " + features);
        }
    }

    @Test
    void resetBetweenDriverOkAndActivationPreventsIt() {
        driver.start(VERSION_1, DriverQueue.split(memory, 0x10000, 8, 0));
        driver.reset();
        loop.run();
        assertFalse(device.calls.contains("activate"));
    }

    @Test
    void resetAlsoUndoesWhatADriverWroteThatNeverGotToDriverOk() {
        driver.negotiate(VERSION_1);
        driver.reset();
        assertEquals(List.of(), device.calls, "there is nothing to undo");
        driver.negotiate(VERSION_1);
        driver.writeConfig(8, 2, 0x1234);
        driver.reset();
        assertEquals(List.of("reset"), device.calls);
        driver.reset();
        assertEquals(List.of("reset"), device.calls);
    }

    @Test
    void failedStopsTheDeviceAndOnlyAResetHelps() {
        start(VERSION_1);
        driver.writeStatus(128 | 15);
        assertEquals(128 | 15, driver.status());
        assertTrue(device.calls.contains("reset"));
        driver.driverOk();
        loop.run();
        assertEquals(null, device.activation);
        driver.reset();
        assertEquals(0, driver.status());
    }

    @Test
    void driverCannotSetNeedsResetOrClearBits() {
        start(VERSION_1);
        driver.writeStatus(64 | 15);
        assertEquals(15, driver.status());
        driver.writeStatus(1);
        assertEquals(15, driver.status());
    }

    @Test
    void aLiveQueueKeepsItsLayout() {
        DriverQueue queue = start(VERSION_1);
        driver.setUpQueue(0, new QueueAddresses(8, 0x20000, 0x21000, 0x22000));
        queue.add(DriverQueue.Buffer.readable(0, 4));
        assertEquals(4, assertPolls().readableLength());
    }

    private DescriptorChain assertPolls() {
        try {
            return device.activation.queues().get(0).poll();
        } catch (VirtQueueException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void takingQueueReadyBackStopsTheQueue() {
        DriverQueue queue = start(VERSION_1);
        driver.write(0x030, 0);
        driver.write(0x044, 0);
        queue.add(DriverQueue.Buffer.readable(0, 4));
        assertEquals(null, assertPolls());
    }

    @Test
    void packedQueuesAreBuiltWhenNegotiated() {
        DriverQueue queue = start(VERSION_1 | 1L << 34);
        queue.add(DriverQueue.Buffer.readable(0, 4));
        assertEquals(4, assertPolls().readableLength());
    }
}
