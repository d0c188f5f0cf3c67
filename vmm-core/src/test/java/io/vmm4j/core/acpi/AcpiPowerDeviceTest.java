package io.vmm4j.core.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AcpiPowerDeviceTest {

    private final List<String> events = new ArrayList<>();
    private final AcpiPowerDevice device = new AcpiPowerDevice(() -> events.add("off"), () -> events.add("reset"));

    @Test
    void sleepEnableWithTheTypeOfS5PowersOff() {
        device.write(0, 1, 5 << 2 | 1 << 5);
        assertEquals(List.of("off"), events);
    }

    @Test
    void otherSleepTypesAndTheTypeAloneDoNothing() {
        for (int type = 0; type < 8; type++) {
            device.write(0, 1, type << 2);
            if (type != 5) {
                device.write(0, 1, type << 2 | 1 << 5);
            }
        }
        assertEquals(List.of(), events);
    }

    @Test
    void theResetValueResets() {
        device.write(2, 1, 1);
        assertEquals(List.of("reset"), events);
        device.write(2, 1, 0);
        device.write(2, 1, 0xFF);
        assertEquals(List.of("reset"), events);
    }

    @Test
    void clearingTheWakeStatusAndReservedPortsDoNothing() {
        device.write(1, 1, 0x80);
        device.write(3, 1, 1);
        device.write(0, 2, 0x34);
        device.write(2, 4, 1);
        assertEquals(List.of(), events);
    }

    @Test
    void everyRegisterReadsZero() {
        for (int offset = 0; offset < 4; offset++) {
            assertEquals(0, device.read(offset, 1));
        }
    }
}
