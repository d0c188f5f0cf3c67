package io.vmm4j.devices.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BusRangeTest {

    private final BusRange com1 = new BusRange(0x3f8, 8);

    @Test
    void anAccessIsContainedOnlyWhenAllOfItIs() {
        assertTrue(com1.contains(0x3f8, 1));
        assertTrue(com1.contains(0x3f8, 8));
        assertTrue(com1.contains(0x3ff, 1));
        assertFalse(com1.contains(0x3ff, 2), "the second byte lies past the end");
        assertFalse(com1.contains(0x3f7, 2), "the first byte lies before the start");
        assertFalse(com1.contains(0x400, 1));
        assertFalse(com1.contains(0x3f8, 0), "nothing is not an access");
        assertFalse(com1.contains(0x3f8, -1));
    }

    @Test
    void rangesThatShareOneAddressOverlap() {
        assertTrue(com1.overlaps(new BusRange(0x3ff, 4)));
        assertTrue(com1.overlaps(new BusRange(0x3f0, 9)));
        assertTrue(com1.overlaps(new BusRange(0, 0x1000)));
        assertFalse(com1.overlaps(new BusRange(0x400, 1)));
        assertFalse(com1.overlaps(new BusRange(0x3f0, 8)));
    }

    @Test
    void theTopOfTheAddressSpaceIsAnAddressLikeAnyOther() {
        BusRange top = new BusRange(-16, 16);
        assertEquals(-1, top.last());
        assertTrue(top.contains(-1, 1));
        assertFalse(top.contains(-1, 2), "the access wraps to address 0");
        assertFalse(top.contains(0, 1));
        assertTrue(top.overlaps(new BusRange(-1, 1)));
        assertFalse(top.overlaps(new BusRange(0, Long.MAX_VALUE)));
    }

    @Test
    void aRangeThatIsEmptyOrWrapsIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new BusRange(0x3f8, 0));
        assertThrows(IllegalArgumentException.class, () -> new BusRange(0x3f8, -8));
        assertThrows(IllegalArgumentException.class, () -> new BusRange(-16, 17));
    }
}
