package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

class HotSlotTest {

    private final SlotRig rig = new SlotRig();
    private final HotSlot slot = rig.slots.get(0);

    @Test
    void anEmptySlotReadsAsNobodyAndTakesNothing() {
        assertEquals(-1L, slot.read(0, 4));
        slot.write(0x70, 4, 1);
        slot.write(0x50, 4, 0);
        assertEquals(-1L, slot.read(0x70, 4));
        assertFalse(slot.isDriven());
    }

    @Test
    void aPluggedDeviceAnswersAndADriverOfItIsHeardOf() {
        AtomicInteger heard = new AtomicInteger();
        slot.onDriven(heard::incrementAndGet);
        MmioDriver driver = rig.plug(0);
        assertEquals(0x74726976, driver.read(0));
        assertTrue(driver.negotiate(SlotRig.FEATURES));
        assertEquals(0, heard.get());
        driver.driverOk();
        assertEquals(1, heard.get());
        assertTrue(slot.isDriven());
    }

    @Test
    void anUnpluggedDeviceIsResetAndCannotBeStartedAgainByWhoKeptItsWindow() {
        MmioDriver driver = rig.plug(0);
        rig.drive(0);
        assertTrue(slot.unplug(() -> false));
        assertFalse(slot.isDriven());
        driver.writeStatus(15);
        driver.notifyQueue(0);
        assertEquals(0xFFFF_FFFFL, driver.read(0x70));
        assertFalse(slot.isDriven());
        assertTrue(slot.unplug(() -> false), "once more does nothing");
    }

    @Test
    void aDeviceThatIsBeingResetIsNotDrivenAnyMore() {
        List<Runnable> ends = new ArrayList<>();
        VirtioDevice slow = Mockito.spy(new VirtioRng(rig.loop, buffer -> buffer.position(buffer.limit())));
        Mockito.doAnswer(call -> ends.add(call.getArgument(0))).when(slow).beginReset(Mockito.any());
        slot.plug(new VirtioMmioTransport(slow, rig.memory, new RecordingLine(), rig.loop));
        rig.drive(0);
        assertTrue(slot.isDriven());
        AtomicInteger heard = new AtomicInteger();
        slot.onDriven(heard::incrementAndGet);
        slot.write(0x70, 4, 0);
        assertNotEquals(0, slot.read(0x70, 4), "its last requests are in work");
        assertFalse(slot.isDriven());
        assertEquals(0, heard.get());
        assertFalse(slot.unplug(() -> true), "it has not let go");
        ends.forEach(Runnable::run);
    }

    @Test
    void anotherDeviceInTheSlotBeginsAnew() {
        rig.plug(0);
        rig.drive(0);
        slot.unplug(() -> false);
        assertEquals(0, rig.plug(0).status());
        assertFalse(slot.isDriven());
    }
}
