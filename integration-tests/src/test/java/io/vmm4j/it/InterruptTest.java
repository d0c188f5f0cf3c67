package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Interrupts of local APIC, I/O APIC and other CPUs, as a guest's handlers see them. */
@Tag("kvm")
@Timeout(60)
class InterruptTest {

    private static final long ROUNDS = 100;

    @Test
    void twoCpusInterruptEachOtherInTurn() throws Exception {
        AssembledGuest guest = AssembledGuest.run("ipi", machine -> machine.vcpus(2));
        assertEquals(ROUNDS, guest.value("first"));
        assertEquals(ROUNDS, guest.value("other"));
    }

    @Test
    void theTimerOfTheLocalApicInterruptsOnceOftenAndAtAnInstant() throws Exception {
        AssembledGuest guest = AssembledGuest.run("timer", machine -> machine);
        assertEquals(1, guest.value("one-shot"));
        assertEquals(0, guest.value("left"), "a one-shot timer stays at its end");
        assertTrue(guest.value("periodic") >= 4, guest::toString);
        assertEquals(0, guest.value("late-high"), () -> "the deadline was more than 4 billion ticks away: " + guest);
        assertEquals(0, guest.value("armed"), "a deadline that has passed reads as zero");
    }

    @Test
    void interruptsReachACpuWhoseIdDoesNotFitAnXApic() throws Exception {
        AssembledGuest guest = AssembledGuest.run("far-cpu", machine -> machine.vcpus(300));
        assertEquals(1, guest.value("extended"), "the guest is told so");
        assertEquals(299, guest.value("from-serial"));
        assertEquals(299, guest.value("from-cpu"));
    }

    @Test
    void theIoApicDeliversSerialPortAndIntervalTimer() throws Exception {
        AssembledGuest guest = AssembledGuest.run("ioapic", machine -> machine);
        int lastInput = (int) (guest.value("version") >> 16);
        assertEquals(23, lastInput);
        assertEquals(0x10000, guest.value("entry") & 0x10000, "masked at first");
        assertEquals(0x2, guest.value("iir"), "transmitter empty");
        assertEquals(1, guest.value("pit"));
    }
}
