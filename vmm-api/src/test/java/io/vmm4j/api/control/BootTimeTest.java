package io.vmm4j.api.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BootTimeTest {

    @Test
    void theLineIsFirecrackers() {
        assertEquals("Guest-boot-time = 123456 us 123 ms,   7999 CPU us 7 CPU ms", BootTime.text(123_456, 7_999));
    }
}
