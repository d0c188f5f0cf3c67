package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Time stamp counter, model-specific registers and counters, as a guest finds them. */
@Tag("kvm")
@Timeout(60)
class ProcessorStateTest {

    private static final double MILLIS = 10;

    @Test
    void theTimeStampCounterNeverGoesBackFromOneCpuToAnother() throws Exception {
        assertEquals(0, AssembledGuest.run("tsc", machine -> machine.vcpus(2)).value("back"));
    }

    @Test
    void allThatTellsTheTimeStampCountersFrequencyAgreesWithTheIntervalTimer() throws Exception {
        AssembledGuest guest = AssembledGuest.run("tsc", machine -> machine.vcpus(2));
        double measuredKhz = guest.value("tsc-in-10-ms") / MILLIS;
        // ns = (ticks << shift) * mul >> 32
        double kvmclockKhz = 1e6 * 0x1p32 / guest.value("kvmclock-mul") / Math.scalb(1.0, (int) guest.value("kvmclock-shift"));
        assertWithinTenth(measuredKhz, kvmclockKhz, "kvmclock of " + guest);
        if (guest.value("max-leaf") >= 0x15 && guest.value("leaf-15-ecx") != 0) {
            double hertz = (double) guest.value("leaf-15-ecx") * guest.value("leaf-15-ebx") / guest.value("leaf-15-eax");
            assertWithinTenth(measuredKhz, hertz / 1e3, "leaf 0x15 of " + guest);
        }
        if (guest.value("max-kvm-leaf") >= 0x40000010L) {
            assertWithinTenth(measuredKhz, guest.value("leaf-40000010-eax"), "leaf 0x40000010 of " + guest);
        }
    }

    private static void assertWithinTenth(double expected, double actual, String what) {
        assertEquals(expected, actual, expected / 10, what);
    }

    @Test
    void registersAreAsFirmwareLeavesThem() throws Exception {
        AssembledGuest guest = AssembledGuest.run("registers", machine -> machine.vcpus(2));
        assertEquals(0xFEE00900L, guest.wide("apic-base"), "enabled, boot CPU");
        assertEquals(0xFEE00800L, guest.wide("other-apic-base"), "enabled");
        for (String cpu : new String[] {"", "other-"}) {
            assertEquals(1, guest.wide(cpu + "misc-enable") & 1, "fast strings");
            assertEquals(0x806, guest.wide(cpu + "mtrr"), "MTRRs on, write-back");
            assertEquals(0x0007040600070406L, guest.wide(cpu + "pat"), "power-on value");
        }
    }

    @Test
    void aRegisterThatIsNotThereFaults() throws Exception {
        AssembledGuest guest = AssembledGuest.run("registers", machine -> machine.vcpus(2));
        assertEquals(1, guest.value("read-fault"));
        assertEquals(1, guest.value("write-fault"));
        assertEquals(0, guest.value("no-fault"), "the local APIC's base is there");
    }

    @Test
    void withoutCountersLeafAIsZeroAndReadingOneFaults() throws Exception {
        AssembledGuest guest = AssembledGuest.run("registers", machine -> machine.vcpus(2));
        assertEquals(0, guest.value("counters"));
        assertEquals(1, guest.value("rdpmc-fault"));
    }
}
