package io.vmm4j.devices.virtio.mmio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.virtio.VirtioActivation;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The time between the driver's taking a device or a queue back and the device's letting go: virtio 1.2, sections 2.1.2, 2.4 and 4.2.2.2. */
@Timeout(30)
final class VirtioMmioQuiescenceTest extends MmioBench {

    private DriverQueue slow() {
        DriverQueue queue = start(VERSION_1);
        device.isSlow = true;
        return queue;
    }

    private void select(int queue) {
        driver.write(0x030, queue);
    }

    private long queueReady() {
        return driver.read(0x044);
    }

    private void takeBack(int queue) {
        select(queue);
        driver.write(0x044, 0);
    }

    @Test
    void statusReadsZeroOnlyOnceTheDeviceHasLetGo() {
        slow();
        driver.reset();
        assertEquals(15, driver.status(), "as it was");
        assertTrue(device.calls.contains("reset"));
        loop.run();
        assertEquals(15, driver.status());
        device.quiesce();
        assertEquals(0, driver.status());
    }

    @Test
    void statusReadsSomethingElseThanZeroWhateverItWasBefore() {
        device.isSlow = true;
        driver.writeConfig(8, 2, 0x1234);
        driver.reset();
        assertEquals(1, driver.status(), "the configuration is being put back");
        device.quiesce();
        assertEquals(0, driver.status());
    }

    @Test
    void aDriverThatHasFailedOrWasAskedToResetIsNotToldSoAnyMore() {
        DriverQueue queue = slow();
        device.activation.interrupt().needsReset();
        assertEquals(15 | 64, driver.status());
        driver.reset();
        assertEquals(15, driver.status());
        device.quiesce();
        device.isSlow = false;
        driver.start(VERSION_1, queue);
        loop.run();
        device.isSlow = true;
        driver.writeStatus(128 | 15);
        driver.reset();
        assertEquals(15, driver.status(), "of a device that FAILED has begun to end");
        device.quiesce();
        assertEquals(0, driver.status());
    }

    @Test
    void aSecondResetWaitsForTheFirst() {
        slow();
        driver.reset();
        driver.reset();
        assertNotEquals(0, driver.status());
        device.quiesce();
        assertEquals(0, driver.status());
        assertEquals(1, device.calls.stream().filter("reset"::equals).count());
    }

    @Test
    void interruptsOfTheLifeBeforeAreForgottenWhenTheResetIsOver() {
        slow();
        VirtioActivation old = device.activation;
        driver.reset();
        old.interrupt().usedBuffer(0);
        device.quiesce();
        assertEquals(0, driver.read(0x060));
        line.takeEdges();
        old.interrupt().usedBuffer(0);
        assertEquals(0, line.edges());
        assertEquals(0, driver.read(0x060));
    }

    @Test
    void aDriverThatDoesNotWaitIsActivatedWhenTheResetIsOver() {
        DriverQueue queue = slow();
        driver.reset();
        driver.writeStatus(driver.status() | 1);
        assertEquals(3, driver.status(), "as Linux does it: what it reads, and a bit more; without features it gets no further");
        driver.write(0x024, 1);
        driver.write(0x020, 1);
        driver.writeStatus(driver.status() | 8);
        assertEquals(11, driver.status());
        driver.setUpQueue(0, queue.addresses());
        driver.writeStatus(driver.status() | 4);
        loop.run();
        assertNull(device.activation, "the device has not let go");
        device.quiesce();
        loop.run();
        assertEquals(VERSION_1, device.activation.driverFeatures());
        assertEquals(15, driver.status());
        assertEquals("notify 0", device.calls.get(device.calls.size() - 1));
        assertEquals(0, driver.read(0x060));
    }

    @Test
    void aDriverThatDoesNotWaitAndFailsIsNotActivated() {
        DriverQueue queue = slow();
        driver.reset();
        driver.start(VERSION_1, queue);
        driver.writeStatus(128 | 15);
        device.quiesce();
        loop.run();
        assertNull(device.activation);
        driver.reset();
        assertEquals(0, driver.status());
    }

    @Test
    void aDriverThatDoesNotWaitAndResetsAgainIsNotActivated() {
        DriverQueue queue = slow();
        driver.reset();
        driver.start(VERSION_1, queue);
        driver.reset();
        assertNotEquals(0, driver.status());
        device.quiesce();
        loop.run();
        assertEquals(0, driver.status());
        assertNull(device.activation);
    }

    @Test
    void startsAndResetsWithoutEndAskADeviceThatDoesNotLetGoForNothingMore() {
        DriverQueue queue = slow();
        device.calls.clear();
        for (int i = 0; i < 100; i++) {
            driver.reset();
            driver.writeConfig(8, 2, i);
            driver.start(VERSION_1, queue);
        }
        driver.reset();
        loop.run();
        assertEquals(List.of("reset"), device.calls);
        device.quiesce();
        assertEquals(List.of("reset", "reset"), device.calls, "what was written last is undone");
        assertNotEquals(0, driver.status());
        device.quiesce();
        assertEquals(0, driver.status());
    }

    @Test
    void aStatusWithoutAcknowledgeDoesNotEndTheWait() {
        slow();
        driver.reset();
        driver.writeStatus(2);
        assertNotEquals(0, driver.status(), "0 would say that the reset is over");
        device.quiesce();
        assertEquals(0, driver.status());
    }

    @Test
    void queueReadyReadsZeroOnlyOnceTheDeviceHasLetGoOfTheQueue() {
        slow();
        takeBack(0);
        assertEquals(1, queueReady());
        loop.run();
        assertEquals(1, queueReady());
        assertTrue(device.activation.queues().get(0).isStopped());
        assertEquals("stop 0", device.calls.get(device.calls.size() - 1));
        takeBack(0);
        assertEquals(1, device.calls.stream().filter("stop 0"::equals).count(), "asked once");
        select(2);
        assertEquals(0, queueReady(), "another queue");
        select(0);
        device.quiesce();
        assertEquals(0, queueReady());
        driver.write(0x044, 1);
        assertEquals(0, queueReady(), "not while the device is live");
    }

    @Test
    void aQueueIsReadyUntilTheDeviceIsReset() {
        slow();
        driver.reset();
        select(0);
        assertEquals(1, queueReady(), "its buffers may still be written");
        device.quiesce();
        assertEquals(0, queueReady());
    }

    @Test
    void aQueueOfADeviceThatFailedIsLetGoOfWithTheDevice() {
        slow();
        driver.writeStatus(128 | 15);
        takeBack(0);
        assertEquals(1, queueReady());
        device.quiesce();
        assertEquals(0, queueReady());
    }

    @Test
    void aQueueThatIsNotLiveIsTakenBackAtOnce() {
        device.isSlow = true;
        driver.negotiate(VERSION_1);
        driver.setUpQueue(0, DriverQueue.split(memory, 0x10000, 8, 0).addresses());
        assertEquals(1, queueReady());
        takeBack(0);
        assertEquals(0, queueReady());
        takeBack(5);
        assertEquals(0, queueReady(), "there is no such queue");
        assertEquals(List.of(), device.calls);
    }

    @Test
    void aQueueTakenBackBeforeTheActivationIsNotServed() {
        driver.start(VERSION_1, DriverQueue.split(memory, 0x10000, 8, 0));
        takeBack(0);
        assertEquals(0, queueReady());
        loop.run();
        assertTrue(device.activation.queues().get(0).isStopped());
        assertFalse(device.calls.contains("stop 0"));
    }

    @Test
    void aVcpuIsKeptForAMomentAndNotForEver() throws Exception {
        slow();
        ExecutorService vcpu = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> reset = vcpu.submit(() -> {
                driver.reset();
                return driver.status();
            });
            while (loop.pendingTasks() == 0) {
                Thread.onSpinWait();
            }
            assertEquals(15, driver.status());
            loop.run();
            assertEquals(15, reset.get(10, TimeUnit.SECONDS), "the device takes its time");
            assertEquals(1, vcpu.submit(() -> driver.read(0x044)).get(10, TimeUnit.SECONDS));
            device.quiesce();
            assertEquals(0, driver.status());
        } finally {
            vcpu.shutdownNow();
        }
    }

    @Test
    void aVcpuThatResetsADeviceThatLetsGoAtOnceFindsItReset() throws Exception {
        start(VERSION_1);
        ExecutorService vcpu = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> reset = vcpu.submit(() -> {
                driver.reset();
                return device.calls.contains("reset") ? 0 : -1;
            });
            while (loop.pendingTasks() == 0) {
                Thread.onSpinWait();
            }
            loop.run();
            assertEquals(0, reset.get(10, TimeUnit.SECONDS), "Linux looks at no register: the write waits for what usually takes no time");
            assertEquals(0, driver.status());
        } finally {
            vcpu.shutdownNow();
        }
    }
}
