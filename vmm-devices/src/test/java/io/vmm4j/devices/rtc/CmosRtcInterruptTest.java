package io.vmm4j.devices.rtc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Register C and the interrupt line: update-ended, alarm, periodic; what is pending and what is bounded. */
class CmosRtcInterruptTest {

    private final Cmos cmos = new Cmos();

    @Test
    void flagsAreSetWhetherEnabledOrNotAndClearedByReading() {
        cmos.in(0x0c);
        cmos.pass(Duration.ofMillis(750));
        assertEquals(0x50, cmos.in(0x0c), "update ended and periodic, no IRQF");
        assertEquals(0x00, cmos.in(0x0c));
        assertEquals(0, cmos.line.edges());
    }

    @Test
    void theUpdateInterruptComesEachSecondThatIsAcknowledged() {
        cmos.out(0x0a, 0x20);
        cmos.out(0x0b, 0x12);
        cmos.pass(Duration.ofMillis(749));
        assertEquals(0, cmos.line.takeEdges());
        cmos.pass(Duration.ofMillis(1));
        assertEquals(1, cmos.line.takeEdges());
        cmos.pass(Duration.ofSeconds(5));
        assertEquals(0, cmos.line.takeEdges(), "still pending");
        assertEquals(0, cmos.loop.armedTimers(), "and no timer runs for it");
        assertEquals(0x90, cmos.in(0x0c));
        for (int second = 0; second < 3; second++) {
            cmos.pass(Duration.ofSeconds(1));
            assertEquals(1, cmos.line.takeEdges());
            assertEquals(0x90, cmos.in(0x0c));
        }
    }

    @Test
    void settingTheClockSwitchesTheUpdateInterruptOff() {
        cmos.out(0x0b, 0x72);
        cmos.out(0x0b, 0xf2);
        assertEquals(0xe2, cmos.in(0x0b));
    }

    @ParameterizedTest(name = "rate {0}: {1} Hz")
    @CsvSource({"1, 256", "2, 128", "3, 8192", "4, 4096", "6, 1024", "10, 64", "15, 2"})
    void thePeriodicInterruptHasTheRatesOfTheDatasheet(int rate, int hertz) {
        cmos.out(0x0a, 0x20 | rate);
        cmos.out(0x0b, 0x42);
        cmos.in(0x0c);
        long end = cmos.clock.nanoTime() + 1_000_000_000L;
        int interrupts = 0;
        while (cmos.clock.nanoTime() < end) {
            cmos.pass(Duration.ofNanos(20_000));
            if (cmos.line.takeEdges() > 0) {
                interrupts++;
                assertEquals(0xc0, cmos.in(0x0c) & 0xc0);
            }
        }
        assertEquals(hertz, interrupts);
    }

    @Test
    void aGuestThatDoesNotAcknowledgeGetsOnePeriodicInterruptAndCostsNoTimer() {
        cmos.out(0x0a, 0x23);
        cmos.out(0x0b, 0x42);
        cmos.pass(Duration.ofSeconds(10));
        assertEquals(1, cmos.line.takeEdges());
        assertEquals(0, cmos.loop.armedTimers());
        cmos.in(0x0c);
        cmos.pass(Duration.ofMillis(1));
        assertEquals(1, cmos.line.takeEdges(), "missed ones have fallen together");
    }

    @Test
    void rateZeroIsOff() {
        cmos.out(0x0a, 0x20);
        cmos.out(0x0b, 0x42);
        cmos.pass(Duration.ofSeconds(2));
        assertEquals(0, cmos.line.edges());
        assertEquals(0, cmos.in(0x0c) & 0x40);
    }

    @ParameterizedTest(name = "alarm {0}:{1}:{2} goes off after {3}")
    @CsvSource({
        "0x13, 0x59, 0x58, PT0.75S",
        "0x14, 0x00, 0x00, PT2.75S",
        "0x13, 0x59, 0x57, PT23H59M59.75S",
        "0xff, 0xff, 0xff, PT0.75S",
        "0xff, 0xff, 0x00, PT2.75S",
        "0xff, 0x30, 0x15, PT30M17.75S",
        "0xff, 0x59, 0x56, PT59M58.75S",
        "0xc0, 0x59, 0x57, PT59M59.75S",
        "0x13, 0xff, 0x57, PT23H0M59.75S",
        "0x00, 0xff, 0xff, PT10H0M2.75S",
        "0x12, 0x00, 0xff, PT22H0M2.75S"})
    void theAlarmGoesOffAtTheNextTimeThatMatches(String hours, String minutes, String seconds, String after) {
        setAlarm(Integer.decode(hours), Integer.decode(minutes), Integer.decode(seconds));
        Duration wait = Duration.parse(after);
        cmos.pass(wait.minusNanos(1));
        assertEquals(0, cmos.line.takeEdges(), "not before");
        cmos.pass(Duration.ofNanos(1));
        assertEquals(1, cmos.line.takeEdges());
        assertEquals(0xa0, cmos.in(0x0c) & 0xa0);
    }

    private void setAlarm(int hours, int minutes, int seconds) {
        cmos.out(5, hours);
        cmos.out(3, minutes);
        cmos.out(1, seconds);
        cmos.out(0x0b, 0x22);
    }

    @Test
    void anAlarmAtATimeThatDoesNotExistNeverGoesOff() {
        setAlarm(0x24, 0xff, 0xff);
        cmos.pass(Duration.ofDays(3));
        setAlarm(0xff, 0x60, 0xff);
        cmos.pass(Duration.ofDays(3));
        setAlarm(0xff, 0xff, 0x99);
        cmos.pass(Duration.ofDays(3));
        assertEquals(0, cmos.line.edges());
        assertEquals(0, cmos.loop.armedTimers());
    }

    @ParameterizedTest(name = "register B {0}: alarm {1}:{2}:{3}")
    @CsvSource({
        "0x22, 0xff, 0xff, 0x0a",
        "0x22, 0xff, 0x1f, 0x00",
        "0x22, 0x0b, 0xff, 0xff",
        "0x20, 0x00, 0xff, 0xff",
        "0x20, 0x13, 0xff, 0xff",
        "0x20, 0x80, 0xff, 0xff",
        "0x24, 0x0d, 0xff, 0xff"})
    void anAlarmByteThatTheClockNeverShowsNeverMatches(String registerB, String hours, String minutes, String seconds) {
        setAlarm(Integer.decode(hours), Integer.decode(minutes), Integer.decode(seconds));
        cmos.out(0x0b, Integer.decode(registerB));
        cmos.in(0x0c);
        cmos.pass(Duration.ofDays(3));
        assertEquals(0, cmos.line.edges());
        assertEquals(0, cmos.in(0x0c) & 0x20);
    }

    @Test
    void theAlarmIsReadInTheFormatOfRegisterB() {
        cmos.out(0x0b, 0x04);
        cmos.out(5, 0x82);
        cmos.out(3, 0x1e);
        cmos.out(1, 0x00);
        cmos.out(0x0b, 0x24);
        cmos.pass(Duration.ofMinutes(31));
        assertEquals(1, cmos.line.takeEdges(), "14:30:00");
    }

    @Test
    void theAlarmFollowsTheGuestsOwnTime() {
        setAlarm(0x00, 0x00, 0x00);
        cmos.set(0x20, 0x25, 0x12, 0x31, 0x23, 0x59, 0x58);
        cmos.pass(Duration.ofMillis(1749));
        assertEquals(0, cmos.line.takeEdges());
        cmos.pass(Duration.ofMillis(1));
        assertEquals(1, cmos.line.takeEdges());
    }

    @Test
    void enablingACauseThatIsPendingInterruptsAtOnceAndDisablingItTakesIrqfBack() {
        cmos.pass(Duration.ofSeconds(1));
        cmos.out(0x0b, 0x12);
        assertEquals(1, cmos.line.takeEdges());
        cmos.out(0x0b, 0x02);
        assertEquals(0x50, cmos.in(0x0c));
    }

    @Test
    void aFlagThatTheReadItselfDiscoversRaisesNoEdge() {
        cmos.out(0x0a, 0x20);
        cmos.out(0x0b, 0x12);
        cmos.loop.run();
        cmos.clock.advance(Duration.ofSeconds(1));
        assertEquals(0x90, cmos.in(0x0c), "read before the timer could run");
        cmos.loop.run();
        assertEquals(0, cmos.line.takeEdges(), "an interrupt handler would find the flags clear");
    }

    @Test
    void noUpdateOrAlarmComesWhileTheClockIsBeingSet() {
        setAlarm(0xff, 0xff, 0xff);
        cmos.out(0x0a, 0x20);
        cmos.out(0x0b, 0xa2);
        cmos.in(0x0c);
        cmos.pass(Duration.ofSeconds(10));
        assertEquals(0, cmos.line.takeEdges());
        assertEquals(0x00, cmos.in(0x0c));
    }

    @Test
    void aHostClockThatStepsBackHoldsNothingUp() {
        Instant[] now = {Cmos.START};
        CmosRtc rtc = new CmosRtc(() -> now[0], 1 << 20, 0);
        now[0] = Cmos.START.minusSeconds(3600);
        assertEquals(0x00, read(rtc, 0x0c));
        now[0] = now[0].plusSeconds(1);
        assertEquals(0x70, read(rtc, 0x0c) | 0x20);
        assertEquals(0x12, read(rtc, 0x04));
    }

    private static int read(CmosRtc rtc, int register) {
        rtc.write(0, 1, register);
        return (int) rtc.read(1, 1);
    }

    @Test
    void aClosedClockKeepsTimeWithoutInterrupts() {
        cmos.out(0x0b, 0x12);
        cmos.device.close();
        cmos.device.close();
        cmos.pass(Duration.ofSeconds(2));
        assertEquals(0, cmos.line.takeEdges());
        assertEquals(0x59, cmos.in(0));
    }

    @Test
    void timersGoAwayWithTheirCause() {
        cmos.out(0x0b, 0x72);
        cmos.loop.run();
        assertEquals(1, cmos.loop.armedTimers());
        cmos.out(0x0b, 0x02);
        cmos.loop.run();
        assertEquals(0, cmos.loop.armedTimers());
    }
}
