package io.vmm4j.core.acpi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Encodings are those of ACPI 6.5, chapter 20. */
class AmlCodeTest {

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void pathsOfSeveralSegmentsAreCounted() {
        assertArrayEquals(bytes('A', 'B', '_', '_'), Aml.path("AB"));
        assertArrayEquals(bytes(0x2E, 'A', '_', '_', '_', 'B', '_', '_', '_'), Aml.path("A.B"));
        assertArrayEquals(bytes('\\', 0x2F, 3, 'A', '_', '_', '_', 'B', '_', '_', '_', 'C', 'D', 'E', 'F'), Aml.path("\\A.B.CDEF"));
    }

    @Test
    void methodsAreSerializedAndCountTheirArguments() {
        assertArrayEquals(bytes(0x14, 0x08, 'A', 'B', 'C', 'D', 0x0A, 0xA4, 0x69),
                AmlCode.method("ABCD", 2, AmlCode.giveBack(AmlCode.ARG1)));
        assertArrayEquals(bytes('A', 'B', 'C', 'D', 0x60, 0x01), AmlCode.call("ABCD", AmlCode.LOCAL0, Aml.integer(1)));
    }

    @Test
    void registersArePortsOfARegion() {
        assertArrayEquals(bytes(0x5B, 0x80, 'R', 'E', 'G', 'S', 1, 0x0B, 0x20, 0x06, 0x0A, 0x14), AmlCode.ports("REGS", 0x620, 0x14));
        assertArrayEquals(bytes(0x5B, 0x81, 0x10, 'R', 'E', 'G', 'S', 3, 'O', 'N', 'E', '_', 32, 'T', 'W', 'O', '_', 32),
                AmlCode.registers("REGS", AmlCode.DWORD_ACCESS, 32, "ONE", "TWO"));
        assertThrows(IllegalArgumentException.class, () -> AmlCode.registers("REGS", AmlCode.DWORD_ACCESS, 64, "ONE"));
    }

    @Test
    void whatIsLockedLiesBetweenAcquireAndRelease() {
        assertArrayEquals(bytes(0x5B, 0x01, 'L', 'O', 'C', 'K', 0), AmlCode.mutex("LOCK"));
        assertArrayEquals(bytes(0x5B, 0x23, 'L', 'O', 'C', 'K', 0xFF, 0xFF, 0x70, 0x68, 0x60, 0x5B, 0x27, 'L', 'O', 'C', 'K'),
                AmlCode.locked("LOCK", AmlCode.store(AmlCode.ARG0, AmlCode.LOCAL0)));
    }

    @Test
    void conditionsAndLoopsCountThemselves() {
        assertArrayEquals(bytes(0xA0, 0x05, 0x93, 0x60, 0x00, 0xA5),
                AmlCode.when(AmlCode.equal(AmlCode.LOCAL0, Aml.integer(0)), AmlCode.leaveLoop()));
        assertArrayEquals(bytes(0xA2, 0x03, 0x01, 0xA5), AmlCode.loop(AmlCode.leaveLoop()));
        assertArrayEquals(bytes(0x7B, 0x60, 0x0A, 4, 0), AmlCode.and(AmlCode.LOCAL0, 4));
        assertArrayEquals(bytes(0x7A, 0x60, 0x0A, 16, 0x61), AmlCode.shiftRight(AmlCode.LOCAL0, 16, AmlCode.LOCAL1));
        assertArrayEquals(bytes(0x86, 'P', 'W', 'R', 'B', 0x0A, 0x80), AmlCode.notify("PWRB", Aml.integer(0x80)));
    }
}
