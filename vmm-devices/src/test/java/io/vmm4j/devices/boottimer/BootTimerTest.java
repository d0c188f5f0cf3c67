package io.vmm4j.devices.boottimer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BootTimerTest {

    private final AtomicInteger heard = new AtomicInteger();
    private final BootTimer device = new BootTimer(heard::incrementAndGet);

    @Test
    void theOneValueTellsThatTheGuestHasBooted() {
        device.write(0, 1, 123);
        device.write(0, 1, 123);
        assertEquals(2, heard.get());
    }

    @Test
    void otherValuesWidthsAndOffsetsTellNothing() {
        device.write(0, 1, 122);
        device.write(0, 1, 0);
        device.write(1, 1, 123);
        device.write(0xFFF, 1, 123);
        device.write(0, 4, 123);
        device.write(0, 8, 0x7B7B7B7B7B7B7B7BL);
        assertEquals(0, heard.get());
    }

    @Test
    void everythingReadsAsZero() {
        assertEquals(0, device.read(0, 1));
        assertEquals(0, device.read(8, 8));
        assertEquals(0x1000, BootTimer.LENGTH);
    }
}
