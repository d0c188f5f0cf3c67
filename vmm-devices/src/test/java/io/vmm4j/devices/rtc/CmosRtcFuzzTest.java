package io.vmm4j.devices.rtc;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzRegisters;
import java.time.Duration;

/** The clock under any sequence of register accesses, with time passing in steps from a nanosecond to some minutes. */
final class CmosRtcFuzzTest {

    /** 2^38 ns are four and a half minutes; a periodic interrupt at its fastest runs its timer 8192 times a second. */
    private static final int MOST_SHIFT = 38;
    private static final int FAST_SHIFT = 27;
    private static final int PERIODIC = 0x40;
    private static final int MOST_TIMERS = 4;

    @FuzzTest
    void rtc(byte[] bytes) {
        Cmos cmos = new Cmos();
        FuzzRegisters.run(new ByteProgram(bytes), cmos.device, 4, program -> pass(cmos, program), () -> check(cmos));
        cmos.device.close();
        if (cmos.loop.armedTimers() > 0) {
            throw new AssertionError("a closed clock still has a timer");
        }
    }

    private static void pass(Cmos cmos, ByteProgram program) {
        boolean isFast = (cmos.in(0x0b) & PERIODIC) != 0;
        cmos.pass(Duration.ofNanos(1L << program.below(isFast ? FAST_SHIFT : MOST_SHIFT)));
    }

    private static void check(Cmos cmos) {
        if (cmos.loop.armedTimers() > MOST_TIMERS || cmos.loop.pendingTasks() > MOST_TIMERS) {
            throw new AssertionError(cmos.loop.armedTimers() + " timers and " + cmos.loop.pendingTasks() + " tasks");
        }
    }
}
