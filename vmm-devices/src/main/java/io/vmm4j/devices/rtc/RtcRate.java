package io.vmm4j.devices.rtc;

import java.time.Instant;

/**
 * The rate of the periodic interrupt, from a crystal of 32.768 kHz: 2^15 Hz divided by 2^(select - 1), where 1 and 2 stand
 * for 256 and 128 Hz again.
 *
 * @param select the rate select bits of register A, 0 to 15; 0 is off
 */
record RtcRate(int select) {

    private static final long CRYSTAL_HZ = 32_768;
    private static final long NANOS_A_SECOND = 1_000_000_000;

    boolean isOn() {
        return select != 0;
    }

    /** The first periodic tick after {@code time}; the rate must be on. */
    Instant next(Instant time) {
        long period = 1L << (select <= 2 ? select + 6 : select - 1);
        // All periods divide a second, so ticks are counted within it.
        long done = time.getNano() * CRYSTAL_HZ / NANOS_A_SECOND / period;
        long tick = (done + 1) * period;
        return Instant.ofEpochSecond(time.getEpochSecond(), (tick * NANOS_A_SECOND + CRYSTAL_HZ - 1) / CRYSTAL_HZ);
    }
}
