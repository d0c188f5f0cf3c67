package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.core.layout.VirtioMmioSlot;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtioPlanTest {

    @Test
    void linesGoUpFrom5WithoutThoseOfClockAcpiAndMouse() {
        assertEquals(List.of(5, 6, 7, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23),
                VirtioPlan.slots(16).stream().map(VirtioMmioSlot::gsi).toList());
    }

    @Test
    void windowsFollowOneAnotherFromTheFirst() {
        assertEquals(List.of(0xC0001000L, 0xC0002000L, 0xC0003000L),
                VirtioPlan.slots(3).stream().map(VirtioMmioSlot::base).toList());
    }

    @Test
    void sparesAreBehindTheDevicesAndAFewUnlessSaid() {
        List<HotSlot> few = VirtioPlan.spares(2, null);
        assertEquals(List.of(7, 10, 11, 13), few.stream().map(slot -> slot.window().gsi()).toList());
        assertEquals(List.of(0, 1, 2, 3), few.stream().map(HotSlot::number).toList());
        assertEquals(0xC0003000L, few.get(0).window().base());
        assertEquals(1, VirtioPlan.spares(15, null).size(), "as far as there are lines");
        assertEquals(0, VirtioPlan.spares(16, null).size());
        assertEquals(16, VirtioPlan.spares(0, 16).size());
        assertEquals(0, VirtioPlan.spares(0, 0).size());
    }

    @Test
    void oneDeviceMoreThanThereAreLinesIsRefused() {
        assertEquals(16, VirtioPlan.MAX_DEVICES);
        assertThrows(IllegalArgumentException.class, () -> VirtioPlan.slots(17));
    }
}
