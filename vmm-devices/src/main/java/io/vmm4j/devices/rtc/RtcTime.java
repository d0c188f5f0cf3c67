package io.vmm4j.devices.rtc;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * The guest's time: the host's wall clock in UTC plus the offset the guest made by setting its clock, or the moment at
 * which the guest stopped it. Guarded by the clock's lock.
 */
final class RtcTime implements Stateful {

    /** Where in a second the clock starts when the divider leaves reset: the first update comes half a second later. */
    private static final int NANOS_AFTER_DIVIDER_RESET = 500_000_000;
    private static final int DAYS_A_WEEK = 7;
    /** More than what lies between any two times that registers can show. */
    static final long MAX_SECONDS = 2_000_000_000_000L;
    static final int MAX_NANOS = 999_999_999;

    private final InstantSource wallClock;
    private Duration offset = Duration.ZERO;
    /** Days that the guest's day of the week is ahead of the date's: the chip counts the two on their own. */
    private int weekdayShift;

    RtcTime(InstantSource wallClock) {
        this.wallClock = wallClock;
    }

    /** The host's clock is not part of it: the guest's goes on with it, by the offset. */
    @Override
    public State saveState() {
        return State.builder().put("offsetSeconds", offset.getSeconds()).put("offsetNanos", offset.getNano()).put("weekdayShift", weekdayShift)
                .build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        long seconds = state.integer("offsetSeconds", -MAX_SECONDS, MAX_SECONDS);
        int nanos = state.int32("offsetNanos", 0, MAX_NANOS);
        weekdayShift = state.int32("weekdayShift", 0, DAYS_A_WEEK - 1);
        offset = Duration.ofSeconds(seconds, nanos);
    }

    Instant now() {
        return wallClock.instant().plus(offset);
    }

    static LocalDateTime dateTime(Instant time) {
        return LocalDateTime.ofInstant(time, ZoneOffset.UTC);
    }

    /** Sets date, hour, minute and second and leaves the fraction of the second running. */
    void set(LocalDateTime time) {
        Instant now = now();
        offset = offset.plus(Duration.between(now.minusNanos(now.getNano()), time.toInstant(ZoneOffset.UTC)));
    }

    /** Moves to the middle of the current second. */
    void restartSecond() {
        offset = offset.plusNanos(NANOS_AFTER_DIVIDER_RESET - (long) now().getNano());
    }

    /** The day of the week at {@code date}: 1 for Sunday to 7, unless the guest has set it otherwise. */
    int weekday(LocalDateTime date) {
        int fromSunday = date.getDayOfWeek().getValue() % DAYS_A_WEEK;
        return Math.floorMod(fromSunday + weekdayShift, DAYS_A_WEEK) + 1;
    }

    void setWeekday(LocalDateTime date, int weekday) {
        weekdayShift = Math.floorMod(weekdayShift + weekday - weekday(date), DAYS_A_WEEK);
    }
}
