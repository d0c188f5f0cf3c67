package io.vmm4j.devices.virtio.mmio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.MmioDriver;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Virtio 1.2, section 4.2. All numbers are the specification's, written out a second time. */
final class VirtioMmioTransportTest extends MmioBench {

    @Test
    void identifiesItself() {
        assertEquals(0x74726976, driver.read(0x000), "MagicValue");
        assertEquals(2, driver.read(0x004), "Version");
        assertEquals(4, driver.read(0x008), "DeviceID");
        assertEquals(0x4a344d56, driver.read(0x00c), "VendorID, VM4J");
    }

    @Test
    void offersTheDevicesFeaturesAndTheTransports() {
        assertEquals(OWN_FEATURE | VERSION_1 | 1L << 28 | 1L << 29 | 1L << 34, driver.deviceFeatures());
    }

    @Test
    void featureWordsBeyond63ReadZero() {
        for (long sel : new long[] {2, 3, 32, 33, 64, 0x8000_0000L, 0xFFFF_FFFFL}) {
            driver.write(0x014, sel);
            assertEquals(0, driver.read(0x010), "DeviceFeatures, word " + sel);
        }
    }

    @Test
    void sharedMemoryRegionsAreAbsent() {
        driver.write(0x0ac, 1);
        for (int offset : new int[] {0x0b0, 0x0b4, 0x0b8, 0x0bc}) {
            assertEquals(0xFFFF_FFFFL, driver.read(offset), "register 0x" + Integer.toHexString(offset));
        }
    }

    @Test
    void writeOnlyAndReservedRegistersReadZero() {
        for (int offset : new int[] {0x014, 0x018, 0x01c, 0x020, 0x024, 0x028, 0x030, 0x038, 0x03c, 0x040, 0x048, 0x050, 0x054, 0x064,
            0x080, 0x084, 0x090, 0x094, 0x0a0, 0x0a4, 0x0ac, 0x0c0, 0x0c4, 0x0f8}) {
            driver.write(offset, 0xFFFF_FFFFL);
            assertEquals(0, driver.read(offset), "register 0x" + Integer.toHexString(offset));
        }
    }

    @Test
    void readOnlyRegistersKeepTheirValue() {
        for (int offset : new int[] {0x000, 0x004, 0x008, 0x00c, 0x034, 0x060, 0x0fc}) {
            long before = driver.read(offset);
            driver.write(offset, 0x5555_5555L);
            assertEquals(before, driver.read(offset), "register 0x" + Integer.toHexString(offset));
        }
    }

    @Test
    void controlRegistersAreFourBytesWideAndAligned() {
        for (int width : new int[] {1, 2, 8}) {
            assertEquals(0, transport.read(0x000, width), "width " + width);
        }
        assertEquals(0, transport.read(0x002, 4));
        transport.write(0x070, 1, 1);
        transport.write(0x070, 8, 1);
        assertEquals(0, driver.status());
    }

    @Test
    void queueSizeMaxFollowsQueueSel() {
        long[][] table = {{0, 8}, {1, 0}, {2, 16}, {3, 0}, {0xFFFF_FFFFL, 0}};
        for (long[] row : table) {
            driver.write(0x030, row[0]);
            assertEquals(row[1], driver.read(0x034), "QueueSizeMax of queue " + row[0]);
        }
    }

    @Test
    void aDeviceWithAQueueLargerThanTheSpecificationsIsRefused() {
        device.sizes = new int[] {8, 65536};
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> new VirtioMmioTransport(device, memory, line, loop));
        assertTrue(refusal.getMessage().contains("65536 for queue 1"), refusal.getMessage());
        device.sizes = new int[] {32768};
        new VirtioMmioTransport(device, memory, line, loop);
    }

    @Test
    void queueReadyReadsBackAndIsClearedByZeroAndByReset() {
        driver.negotiate(VERSION_1);
        driver.write(0x030, 2);
        driver.write(0x044, 1);
        assertEquals(1, driver.read(0x044));
        driver.write(0x030, 0);
        assertEquals(0, driver.read(0x044), "of another queue");
        driver.write(0x030, 2);
        driver.write(0x044, 0);
        assertEquals(0, driver.read(0x044));
        driver.write(0x044, 1);
        driver.reset();
        driver.write(0x030, 2);
        assertEquals(0, driver.read(0x044));
        driver.write(0x030, 1);
        driver.write(0x044, 1);
        assertEquals(0, driver.read(0x044), "a queue that does not exist");
    }

    @Test
    void statusStepsNeedTheOneBefore() {
        int[][] table = {{2, 0}, {8, 0}, {4, 0}, {1, 1}, {4, 1}, {8, 1}, {3, 3}, {4 | 3, 3}, {11, 3}};
        for (int[] row : table) {
            driver.writeStatus(row[0]);
            assertEquals(row[1], driver.status(), "after writing " + row[0]);
        }
        loop.run();
        assertEquals(List.of(), device.calls);
    }

    @Test
    void featuresOkNeedsVersion1() {
        assertFalse(driver.negotiate(OWN_FEATURE));
        assertEquals(3, driver.status());
        assertTrue(driver.negotiate(OWN_FEATURE | VERSION_1));
    }

    @Test
    void featuresOkIsRefusedForBitsThatWereNotOffered() {
        for (int bit : new int[] {0, 4, 33, 35, 40, 49, 51, 63}) {
            assertFalse(driver.negotiate(VERSION_1 | 1L << bit), "feature " + bit);
        }
    }

    @Test
    void featuresOkIsRefusedForBitsBeyond63() {
        driver.reset();
        driver.writeStatus(3);
        driver.write(0x024, 1);
        driver.write(0x020, 1);
        driver.write(0x024, 2);
        driver.write(0x020, 1);
        driver.writeStatus(11);
        assertEquals(3, driver.status());
    }

    @Test
    void aBitBeyond63ThatIsTakenBackStandsInNobodysWay() {
        driver.reset();
        driver.writeStatus(3);
        for (int word = 1; word < 63; word++) {
            driver.write(0x024, word);
            driver.write(0x020, 0x8000_0001L);
        }
        for (int word = 62; word > 0; word--) {
            driver.writeStatus(11);
            assertEquals(3, driver.status(), "word " + word);
            driver.write(0x024, word);
            driver.write(0x020, word == 1 ? 1 : 0);
        }
        driver.writeStatus(11);
        assertEquals(11, driver.status());
    }

    @Test
    void featuresAreSettledAtFeaturesOk() {
        driver.negotiate(VERSION_1);
        driver.write(0x024, 0);
        driver.write(0x020, 1L << 3);
        driver.setUpQueue(0, DriverQueue.split(memory, 0x10000, 8, 0).addresses());
        driver.driverOk();
        loop.run();
        assertEquals(VERSION_1, device.activation.driverFeatures());
    }

    @Test
    void interruptCausesStayUntilAcknowledged() {
        start(VERSION_1);
        device.activation.interrupt().usedBuffer(0);
        device.activation.interrupt().configChanged();
        assertEquals(2, line.edges());
        assertEquals(3, driver.read(0x060));
        driver.write(0x064, 1);
        assertEquals(2, driver.read(0x060));
        driver.write(0x064, 0xFFFF_FFFFL);
        assertEquals(0, driver.read(0x060));
    }

    @Test
    void causeIsThereBeforeTheEdge() {
        List<Long> causesAtEdge = new ArrayList<>();
        VirtioMmioTransport[] window = new VirtioMmioTransport[1];
        window[0] = new VirtioMmioTransport(device, memory, () -> causesAtEdge.add(window[0].read(0x060, 4)), loop);
        new MmioDriver(window[0]).start(VERSION_1, DriverQueue.split(memory, 0x10000, 8, 0));
        loop.run();
        device.activation.interrupt().usedBuffer(0);
        assertEquals(List.of(1L), causesAtEdge);
    }

    @Test
    void needsResetSetsTheBitAndTellsTheDriver() {
        start(VERSION_1);
        device.activation.interrupt().needsReset();
        assertEquals(15 | 64, driver.status());
        assertEquals(2, driver.read(0x060));
        device.calls.clear();
        transport.notifyQueue(0);
        assertEquals(List.of(), device.calls, "a device that needs a reset is left alone");
        driver.reset();
        assertEquals(0, driver.status());
        assertEquals(0, driver.read(0x060));
    }

    @Test
    void configSpaceTakesAllWidths() {
        assertEquals(0x88, driver.readConfig(0, 1));
        assertEquals(0x7788, driver.readConfig(0, 2));
        assertEquals(0x55667788, driver.readConfig(0, 4));
        assertEquals(0x1122334455667788L, driver.readConfig(0, 8));
        assertEquals(0x44, driver.readConfig(3 + 1, 1));
        assertEquals(0, driver.readConfig(12, 4), "past the end");
        assertEquals(0, driver.readConfig(0xefc, 8), "past the window");
        driver.writeConfig(6, 4, 0xAABBCCDDL);
        assertEquals(0xAABB_1122L, driver.readConfig(6, 4), "only bytes 8 and 9 are the driver's");
    }

    @Test
    void configGenerationMovesWithTheSpace() {
        start(VERSION_1);
        long before = driver.read(0x0fc);
        assertEquals(before, driver.read(0x0fc), "stable while nothing changes");
        device.config.put(0, 8, 5);
        long after = driver.read(0x0fc);
        assertNotEquals(before, after, "the change itself moves it, before the interrupt");
        device.activation.interrupt().configChanged();
        assertNotEquals(after, driver.read(0x0fc));
    }
}
