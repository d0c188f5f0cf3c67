package io.vmm4j.core.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class AddressMapTest {

    private static final long GIB = 1L << 30;

    private static List<AddressMap.RamRegion> regions(long bytes) {
        return AddressMap.ramRegions(bytes);
    }

    @Test
    void ramUpToThreeGibIsOnePiece() {
        assertEquals(List.of(new AddressMap.RamRegion(0, 128L << 20)), regions(128L << 20));
        assertEquals(List.of(new AddressMap.RamRegion(0, 0xC000_0000L)), regions(3 * GIB));
    }

    @Test
    void moreRamGoesOnAtFourGib() {
        assertEquals(List.of(new AddressMap.RamRegion(0, 0xC000_0000L), new AddressMap.RamRegion(0x1_0000_0000L, 4096)), regions(3 * GIB + 4096));
        assertEquals(0x1_8000_0000L, regions(5 * GIB).get(1).end());
        assertEquals(3 * GIB, AddressMap.lowRamBytes(5 * GIB));
        assertEquals(GIB, AddressMap.lowRamBytes(GIB));
    }

    @Test
    void aMachineWithoutRamIsABug() {
        assertThrows(IllegalArgumentException.class, () -> regions(0));
        assertThrows(IllegalArgumentException.class, () -> regions(-1));
        assertThrows(IllegalArgumentException.class, () -> regions(Long.MAX_VALUE));
    }

    @Test
    void theBootTimersPageIsBetweenRamAndVirtioWindows() {
        assertEquals(0xC000_0000L, AddressMap.BOOT_TIMER);
        assertEquals(AddressMap.BOOT_TIMER, regions(5 * GIB).get(0).end());
        assertEquals(AddressMap.BOOT_TIMER + 0x1000, VirtioMmioSlot.of(0, 5).base());
    }

    @Test
    void virtioWindowsFollowEachOtherBelowTheIoApic() {
        assertEquals(new VirtioMmioSlot(0, 0xC000_1000L, 0x1000, 5), VirtioMmioSlot.of(0, 5));
        assertEquals(new VirtioMmioSlot(18, 0xC001_3000L, 0x1000, 23), VirtioMmioSlot.of(18, 23));
        assertThrows(IllegalArgumentException.class, () -> VirtioMmioSlot.of(-1, 5));
        assertThrows(IllegalArgumentException.class, () -> VirtioMmioSlot.of(0x3EBFF, 5));
    }
}
