package io.vmm4j.devices.rtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.HostileRegisters;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Registers, time in all its formats, setting it, and CMOS RAM, against the MC146818 datasheet. */
class CmosRtcTest {

    private final Cmos cmos = new Cmos();

    @ParameterizedTest(name = "register {0} reads {1}")
    @CsvSource({"0x00, 0x57", "0x02, 0x59", "0x04, 0x13", "0x06, 0x05", "0x07, 0x29", "0x08, 0x02", "0x09, 0x24", "0x0a, 0x26",
        "0x0b, 0x02", "0x0c, 0x00", "0x0d, 0x80", "0x32, 0x20", "0x01, 0x00", "0x03, 0x00", "0x05, 0x00", "0x0e, 0x00", "0x0f, 0x00"})
    void registersAfterPowerOn(String register, String value) {
        assertEquals(Integer.decode(value), cmos.in(Integer.decode(register)));
    }

    @Test
    void theIndexPortIsWriteOnlyAndItsTopBitIsNoPartOfTheIndex() {
        cmos.device.write(0, 1, 0x8d);
        assertEquals(0x80, cmos.device.read(1, 1));
        assertEquals(0xff, cmos.device.read(0, 1));
        cmos.device.write(0, 2, 0x5a40);
        assertEquals(0x5a, cmos.in(0x40), "a 16-bit write sets index and data");
    }

    @Test
    void timeGoesOnWithTheHostsClock() {
        assertEquals("2024-02-29 05 13:59:57", cmos.time());
        cmos.pass(Duration.ofMillis(2750));
        assertEquals("2024-02-29 05 14:00:00", cmos.time());
        cmos.pass(Duration.ofHours(10));
        assertEquals("2024-03-01 06 00:00:00", cmos.time());
    }

    @ParameterizedTest(name = "register B {0}")
    @CsvSource({"0x02, 13, 23, 12, 00", "0x00, 81, 91, 92, 12", "0x06, 0d, 17, 0c, 00", "0x04, 81, 8b, 8c, 0c"})
    void hoursComeIn24And12HourFormInBcdAndBinary(String format, String at13, String at23, String at12, String at0) {
        cmos.out(0x0b, Integer.decode(format));
        assertEquals(at13, hour());
        cmos.pass(Duration.ofHours(10));
        assertEquals(at23, hour());
        cmos.pass(Duration.ofHours(1));
        assertEquals(at0, hour());
        cmos.pass(Duration.ofHours(12));
        assertEquals(at12, hour());
    }

    private String hour() {
        return String.format("%02x", cmos.in(4));
    }

    @Test
    void binaryFormCountsInBinary() {
        cmos.out(0x0b, 0x06);
        assertEquals("1418-02-1d 05 0d:3b:39", cmos.time());
    }

    @Test
    void theGuestSetsItsOwnTimeAndTheFractionOfTheSecondRunsOn() {
        cmos.set(0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59);
        assertEquals("1999-12-31 05 23:59:59", cmos.time());
        cmos.pass(Duration.ofMillis(750));
        assertEquals("2000-01-01 06 00:00:00", cmos.time());
        assertEquals(Instant.parse("2024-02-29T13:59:58Z"), cmos.clock.instant(), "the host's clock is as before");
    }

    @ParameterizedTest(name = "in format {0}: hour byte {1} is {2} in 24-hour BCD")
    @CsvSource({"0x00, 0x12, 0x00", "0x00, 0x01, 0x01", "0x00, 0x92, 0x12", "0x00, 0x91, 0x23", "0x04, 0x0c, 0x00", "0x04, 0x8b, 0x23",
        "0x06, 0x17, 0x23"})
    void hoursAreSetInAnyForm(String format, String octet, String expected) {
        cmos.out(0x0b, Integer.decode(format));
        cmos.out(4, Integer.decode(octet));
        assertEquals(Integer.decode(octet), cmos.in(4));
        cmos.out(0x0b, 0x02);
        assertEquals(Integer.decode(expected), cmos.in(4));
    }

    @Test
    void aSingleRegisterCanBeSetWhileTheClockRuns() {
        cmos.out(2, 0x30);
        assertEquals("2024-02-29 05 13:30:57", cmos.time());
    }

    @Test
    void theDayOfTheWeekIsCountedOnItsOwn() {
        cmos.out(6, 0x01);
        assertEquals("2024-02-29 01 13:59:57", cmos.time());
        cmos.pass(Duration.ofDays(2));
        assertEquals("2024-03-02 03 13:59:57", cmos.time());
    }

    @Test
    void whileSetTheTimeStandsStillAndThenGoesOnFromThere() {
        cmos.out(0x0b, 0x82);
        cmos.pass(Duration.ofSeconds(10));
        assertEquals("2024-02-29 05 13:59:57", cmos.time());
        cmos.out(0x0b, 0x02);
        cmos.pass(Duration.ofMillis(750));
        assertEquals("2024-02-29 05 13:59:58", cmos.time());
    }

    @Test
    void afterTheDividersResetTheFirstSecondLastsHalfASecond() {
        cmos.out(0x0a, 0x76);
        cmos.pass(Duration.ofSeconds(5));
        assertEquals("2024-02-29 05 13:59:57", cmos.time());
        cmos.out(0x0a, 0x26);
        cmos.pass(Duration.ofMillis(499));
        assertEquals("2024-02-29 05 13:59:57", cmos.time());
        cmos.pass(Duration.ofMillis(1));
        assertEquals("2024-02-29 05 13:59:58", cmos.time());
    }

    /** mc146818_set_time: SET, divider reset, fields, SET off, divider on. */
    @Test
    void linuxSetsTheTimeToTheHalfSecond() {
        cmos.out(0x0b, 0x82);
        cmos.out(0x0a, 0x76);
        cmos.out(9, 0x30);
        cmos.out(8, 0x06);
        cmos.out(7, 0x15);
        cmos.out(4, 0x08);
        cmos.out(2, 0x09);
        cmos.out(0, 0x10);
        cmos.out(0x32, 0x20);
        cmos.out(0x0b, 0x02);
        cmos.pass(Duration.ofSeconds(3));
        cmos.out(0x0a, 0x26);
        assertEquals("2030-06-15 05 08:09:10", cmos.time());
        cmos.pass(Duration.ofMillis(500));
        assertEquals("2030-06-15 05 08:09:11", cmos.time());
    }

    @Test
    void valuesOutOfRangeCarryOver() {
        cmos.set(0x20, 0x23, 0x06, 0x31, 0x13, 0x00, 0x61);
        assertEquals("2023-07-01 05 13:01:01", cmos.time());
        cmos.set(0x20, 0x24, 0x00, 0x00, 0x00, 0x00, 0x00);
        assertEquals("2023-11-30 05 00:00:00", cmos.time());
    }

    @Test
    void updateInProgressShowsJustBeforeTheSecondChanges() {
        cmos.pass(Duration.ofNanos(750_000_000 - 2_228_001));
        assertEquals(0x26, cmos.in(0x0a));
        cmos.pass(Duration.ofNanos(1));
        assertEquals(0xa6, cmos.in(0x0a));
        cmos.pass(Duration.ofNanos(2_227_999));
        assertEquals(0xa6, cmos.in(0x0a));
        cmos.pass(Duration.ofNanos(1));
        assertEquals(0x26, cmos.in(0x0a));
        assertEquals("2024-02-29 05 13:59:58", cmos.time());
    }

    @Test
    void noUpdateIsInProgressWhileTheClockIsBeingSet() {
        cmos.pass(Duration.ofMillis(749));
        cmos.out(0x0b, 0x82);
        assertEquals(0x26, cmos.in(0x0a));
    }

    @Test
    void statusRegistersAreReadOnly() {
        cmos.out(0x0c, 0xff);
        cmos.out(0x0d, 0x00);
        cmos.out(0x0a, 0xa6);
        assertEquals(0x00, cmos.in(0x0c));
        assertEquals(0x80, cmos.in(0x0d));
        assertEquals(0x26, cmos.in(0x0a), "UIP is not writable");
    }

    @Test
    void theOtherBytesAreRam() {
        for (int index = 0x0e; index < 0x80; index++) {
            if (index != 0x32) {
                cmos.out(index, index ^ 0x5a);
            }
        }
        for (int index = 0x0e; index < 0x80; index++) {
            if (index != 0x32) {
                assertEquals(index ^ 0x5a, cmos.in(index));
            }
        }
    }

    @ParameterizedTest(name = "{0} MiB and {1} MiB above 4 GiB")
    @CsvSource({"1, 0, 640, 0, 0, 0", "16, 0, 640, 15360, 0, 0", "128, 0, 640, 65535, 1792, 0", "3072, 2048, 640, 65535, 48896, 32768"})
    void memorySizesAreWhereFirmwareLeavesThem(int lowMib, int highMib, int base, int extended, int above16, int above4G) {
        CmosRtc rtc = new CmosRtc(cmos.clock, (long) lowMib << 20, (long) highMib << 20);
        assertEquals(base, word(rtc, 0x15));
        assertEquals(extended, word(rtc, 0x17));
        assertEquals(extended, word(rtc, 0x30));
        assertEquals(above16, word(rtc, 0x34));
        assertEquals(above4G, word(rtc, 0x5b) | ram(rtc, 0x5d) << 16);
        int sum = 0;
        for (int index = 0x10; index <= 0x2d; index++) {
            sum += ram(rtc, index);
        }
        assertEquals(sum, ram(rtc, 0x2e) << 8 | ram(rtc, 0x2f), "checksum");
    }

    private static int ram(CmosRtc rtc, int index) {
        rtc.write(0, 1, index);
        return (int) rtc.read(1, 1);
    }

    private static int word(CmosRtc rtc, int index) {
        return ram(rtc, index) | ram(rtc, index + 1) << 8;
    }

    @Test
    void nothingAGuestDoesThrowsOrKeepsTheHostBusy() {
        HostileRegisters guest = new HostileRegisters("CmosRtcTest");
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            Cmos hostile = new Cmos();
            for (int i = 0; i < 300_000; i++) {
                guest.access(hostile.device, 4);
                assertTrue(hostile.loop.pendingTasks() <= 1, "tasks pile up, seed " + guest.seed());
                if (guest.random().nextInt(8) == 0) {
                    hostile.device.write(0, 1, guest.random().nextInt(0x0e));
                }
                if (guest.random().nextInt(50) == 0) {
                    hostile.pass(Duration.ofNanos(guest.random().nextInt(1 << guest.random().nextInt(31))));
                }
            }
            hostile.out(0x0a, 0x26);
            hostile.out(0x0b, 0x02);
            hostile.set(0x20, 0x24, 0x02, 0x29, 0x13, 0x59, 0x57);
            assertEquals("2024-02-29", hostile.time().substring(0, 10), "seed " + guest.seed());
        });
    }
}
