package io.vmm4j.devices.rtc;

import static io.vmm4j.devices.rtc.RtcRegisters.HOUR_PM;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_24H;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_DM_BINARY;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;

/**
 * How register B says that numbers are written: BCD or binary, 24 or 12 hours.
 *
 * @param binary     binary rather than BCD
 * @param hours24    0 to 23 rather than 1 to 12 with a bit for the afternoon
 */
record RtcFormat(boolean binary, boolean hours24) {

    /** The time registers as bytes, in the order seconds, minutes, hours, day, month, year, century. */
    record Fields(int seconds, int minutes, int hours, int day, int month, int year, int century) {
    }

    /** The format that {@code registerB} selects. */
    static RtcFormat of(int registerB) {
        return new RtcFormat((registerB & RTC_DM_BINARY) != 0, (registerB & RTC_24H) != 0);
    }

    /** Writes a number, 0 to 99, as a register byte. */
    int encode(int number) {
        return binary ? number & 0xff : (number / 10 << 4 | number % 10) & 0xff;
    }

    /** Reads a register byte as a number, 0 to 255; digits above 9 count as what they are worth. */
    int decode(int octet) {
        return binary ? octet : (octet >> 4) * 10 + (octet & 0x0f);
    }

    /** Writes an hour, 0 to 23, as a register byte. */
    int encodeHour(int hour) {
        if (hours24) {
            return encode(hour);
        }
        int onDial = hour % 12 == 0 ? 12 : hour % 12;
        return encode(onDial) | (hour >= 12 ? HOUR_PM : 0);
    }

    /** Reads an hour byte; 0 to 23 when the byte is a valid hour. */
    int decodeHour(int octet) {
        if (hours24) {
            return decode(octet);
        }
        int onDial = decode(octet & ~HOUR_PM);
        return (onDial == 12 ? 0 : onDial) + ((octet & HOUR_PM) != 0 ? 12 : 0);
    }

    /** The time registers at {@code time}. */
    Fields encode(LocalDateTime time) {
        return new Fields(encode(time.getSecond()), encode(time.getMinute()), encodeHour(time.getHour()),
            encode(time.getDayOfMonth()), encode(time.getMonthValue()), encode(time.getYear() % 100), encode(time.getYear() / 100));
    }

    /** The time that registers show; values out of range carry over into the next larger unit, as in 31 June. */
    LocalDateTime decode(Fields fields) {
        int year = decode(fields.century()) * 100 + decode(fields.year());
        LocalDate date = LocalDate.of(year, 1, 1)
            .plusMonths(decode(fields.month()) - 1L)
            .plusDays(decode(fields.day()) - 1L);
        return LocalDateTime.of(date, LocalTime.MIDNIGHT)
            .plusHours(decodeHour(fields.hours()))
            .plusMinutes(decode(fields.minutes()))
            .plusSeconds(decode(fields.seconds()));
    }
}
