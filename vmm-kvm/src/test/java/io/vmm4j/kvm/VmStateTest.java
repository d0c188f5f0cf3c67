package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(60)
final class VmStateTest {
    /** Timer: channel 0 as rate generator of 0x1234; first PIC: vectors from 0x20, all but 2 masked; then port 0x81. */
    private static final String SET_UP = "b0 34 e6 43  b0 34 e6 40  b0 12 e6 40"
            + "  b0 11 e6 20  b0 20 e6 21  b0 04 e6 21  b0 01 e6 21  b0 fb e6 21  e6 81";
    private static final int IMR = 2;
    private static final int IRQ_BASE = 5;
    private static final int REDIRECTION_0 = 24;

    private static TinyGuest guest(String code) throws Exception {
        return TinyGuest.realMode(code, vm -> {
            vm.createIrqChip();
            vm.createPit2(0);
        });
    }

    @Test
    void interruptControllersAndTimerAreRestored() throws Exception {
        try (TinyGuest first = guest(SET_UP); TinyGuest second = guest("f4")) {
            first.runOnce(new RecordingHandler());
            InterruptState saved = first.vm.saveInterrupts();
            assertEquals((byte) 0xFB, saved.masterPic().toArray()[IMR]);
            assertEquals(0x20, saved.masterPic().toArray()[IRQ_BASE]);
            assertEquals(0x34, saved.pit().toArray()[0]);
            assertEquals(0x12, saved.pit().toArray()[1]);
            byte[] ioApic = saved.ioApic().toArray();
            ioApic[REDIRECTION_0 + 4 * 8] = 0x44; // vector of input 4, which stays masked
            InterruptState state = new InterruptState(saved.masterPic(), saved.slavePic(), Bytes.of(ioApic), saved.pit());
            assertNotEquals(state.masterPic(), second.vm.saveInterrupts().masterPic());
            second.vm.restoreInterrupts(state);
            InterruptState again = second.vm.saveInterrupts();
            assertEquals(state.masterPic(), again.masterPic());
            assertEquals(state.slavePic(), again.slavePic());
            assertEquals(state.ioApic(), again.ioApic());
            assertEquals(state.pitWithoutTimes(), again.pitWithoutTimes());
        }
    }

    @Test
    void aMachineWithoutThemHasNothingToSave() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode("f4")) {
            assertEquals(InterruptState.NONE, guest.vm.saveInterrupts());
            guest.vm.restoreInterrupts(InterruptState.NONE);
        }
    }

    @Test
    void theClockGoesOnWhereItWasOrWhereItWouldBe() throws Exception {
        long hour = TimeUnit.HOURS.toNanos(1);
        try (TinyGuest guest = guest("f4")) {
            ClockState now = guest.vm.saveClock();
            ClockState hourAgo = new ClockState(5 * hour, now.realtimeNanos() - hour, 0);
            guest.vm.restoreClock(hourAgo, false);
            assertBetween(5 * hour, guest.vm.saveClock().clockNanos());
            guest.vm.restoreClock(hourAgo, true);
            assertBetween(6 * hour, guest.vm.saveClock().clockNanos());
            guest.vm.restoreClock(new ClockState(5 * hour, now.realtimeNanos() + hour, 0), true);
            assertBetween(5 * hour, guest.vm.saveClock().clockNanos());
        }
    }

    private static void assertBetween(long from, long nanos) {
        assertTrue(nanos >= from && nanos < from + TimeUnit.MINUTES.toNanos(10), "clock " + nanos + " after " + from);
    }
}
