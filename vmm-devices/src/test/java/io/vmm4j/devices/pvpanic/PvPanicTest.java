package io.vmm4j.devices.pvpanic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PvPanicTest {

    private final List<String> heard = new ArrayList<>();
    private final PvPanic device = new PvPanic(new PvPanic.Listener() {
        @Override
        public void panicked() {
            heard.add("panicked");
        }

        @Override
        public void crashLoaded() {
            heard.add("crash loaded");
        }

        @Override
        public void shutDown() {
            heard.add("shut down");
        }
    });

    @Test
    void readingTellsWhichEventsThereAre() {
        assertEquals(0x505, PvPanic.PORT);
        assertEquals(0b111, device.read(0, 1));
        assertEquals(List.of(), heard);
    }

    @Test
    void eachBitIsAnEvent() {
        device.write(0, 1, 1);
        device.write(0, 1, 2);
        device.write(0, 1, 4);
        assertEquals(List.of("panicked", "crash loaded", "shut down"), heard);
    }

    @Test
    void ofSeveralEventsTheLowestBitCountsAndUnknownBitsDoNot() {
        device.write(0, 1, 0xFF);
        device.write(0, 1, 0xFE);
        device.write(0, 1, 0xF8);
        device.write(0, 1, 0);
        device.write(0, 4, 1);
        assertEquals(List.of("panicked", "crash loaded"), heard);
    }
}
