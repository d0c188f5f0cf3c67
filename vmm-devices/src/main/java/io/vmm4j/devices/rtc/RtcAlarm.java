package io.vmm4j.devices.rtc;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.function.IntUnaryOperator;

/**
 * When the alarm goes off next: each of seconds, minutes and hours is one value or any ({@link #ANY}).
 *
 * @param hour   0 to 23, or {@link #ANY}; the alarm never goes off with another value
 * @param minute 0 to 59, or {@link #ANY}; likewise
 * @param second 0 to 59, or {@link #ANY}; likewise
 */
record RtcAlarm(int hour, int minute, int second) {

    /** Matches every value. */
    static final int ANY = -1;

    /** Matches no value: what a byte stands for that the time registers never show, with which the chip compares it. */
    private static final int NONE = 60;
    private static final int SECONDS_A_MINUTE = 60;
    private static final int SECONDS_AN_HOUR = 3600;
    private static final int SECONDS_A_DAY = 86_400;

    /** The alarm that the bytes of registers 5, 3 and 1 set. */
    static RtcAlarm of(RtcFormat format, int hours, int minutes, int seconds) {
        return new RtcAlarm(value(hours, format::decodeHour, format::encodeHour), value(minutes, format::decode, format::encode),
            value(seconds, format::decode, format::encode));
    }

    private static int value(int octet, IntUnaryOperator decode, IntUnaryOperator encode) {
        if (isAny(octet)) {
            return ANY;
        }
        int value = decode.applyAsInt(octet);
        return encode.applyAsInt(value) == octet ? value : NONE;
    }

    /** The first whole second after {@code time} that matches; {@link Instant#MAX} when none ever does. */
    Instant next(Instant time) {
        if (hour >= 24 || minute >= 60 || second >= 60) {
            return Instant.MAX;
        }
        long from = time.getEpochSecond() + 1;
        int start = Instant.ofEpochSecond(from).atOffset(ZoneOffset.UTC).toLocalTime().toSecondOfDay();
        int ofDay = start;
        // Each turn moves on to the next candidate of the largest unit that does not match: a few turns at most.
        while (!matches(ofDay)) {
            ofDay = step(ofDay);
        }
        return Instant.ofEpochSecond(from + (ofDay - start));
    }

    private boolean matches(int ofDay) {
        return matches(hour, ofDay / SECONDS_AN_HOUR % 24)
            && matches(minute, ofDay / SECONDS_A_MINUTE % 60)
            && matches(second, ofDay % 60);
    }

    private int step(int ofDay) {
        if (!matches(hour, ofDay / SECONDS_AN_HOUR % 24)) {
            int today = ofDay / SECONDS_A_DAY * SECONDS_A_DAY + hour * SECONDS_AN_HOUR;
            return today > ofDay ? today : today + SECONDS_A_DAY;
        }
        if (!matches(minute, ofDay / SECONDS_A_MINUTE % 60)) {
            int thisHour = ofDay / SECONDS_AN_HOUR * SECONDS_AN_HOUR + minute * SECONDS_A_MINUTE;
            return thisHour > ofDay ? thisHour : thisHour + SECONDS_AN_HOUR;
        }
        int thisMinute = ofDay / SECONDS_A_MINUTE * SECONDS_A_MINUTE + second;
        return thisMinute > ofDay ? thisMinute : thisMinute + SECONDS_A_MINUTE;
    }

    private static boolean matches(int wanted, int value) {
        return wanted == ANY || wanted == value;
    }

    private static boolean isAny(int octet) {
        return (octet & RtcRegisters.ALARM_ANY) == RtcRegisters.ALARM_ANY;
    }
}
