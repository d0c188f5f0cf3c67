package io.vmm4j.devices.rtc;

/** CMOS addresses and bits of the MC146818 and its PC descendants; names as in Linux's mc146818rtc.h. */
final class RtcRegisters {

    /** Seconds, 0 to 59. */
    static final int RTC_SECONDS = 0x00;
    /** Seconds of the alarm. */
    static final int RTC_SECONDS_ALARM = 0x01;
    /** Minutes, 0 to 59. */
    static final int RTC_MINUTES = 0x02;
    /** Minutes of the alarm. */
    static final int RTC_MINUTES_ALARM = 0x03;
    /** Hours, 0 to 23, or 1 to 12 with bit 7 for the afternoon. */
    static final int RTC_HOURS = 0x04;
    /** Hours of the alarm. */
    static final int RTC_HOURS_ALARM = 0x05;
    /** Day of the week, 1 (Sunday) to 7. */
    static final int RTC_DAY_OF_WEEK = 0x06;
    /** Day of the month, 1 to 31. */
    static final int RTC_DAY_OF_MONTH = 0x07;
    /** Month, 1 to 12. */
    static final int RTC_MONTH = 0x08;
    /** Year of the century, 0 to 99. */
    static final int RTC_YEAR = 0x09;
    /** Register A: rate, divider, update in progress. */
    static final int RTC_REG_A = 0x0a;
    /** Register B: modes and interrupt enables. */
    static final int RTC_REG_B = 0x0b;
    /** Register C, read-only: interrupt flags, cleared by reading. */
    static final int RTC_REG_C = 0x0c;
    /** Register D, read-only: battery. */
    static final int RTC_REG_D = 0x0d;
    /** Century, where FADT of ACPI points on a PC. */
    static final int RTC_CENTURY = 0x32;

    /** A: an update starts within 244 microseconds or is under way. */
    static final int RTC_UIP = 0x80;
    /** A: divider control. */
    static final int RTC_DIV_CTL = 0x70;
    /** A: divider for a 32.768 kHz crystal; any other stops the clock. */
    static final int RTC_REF_CLCK_32KHZ = 0x20;
    /** A: periodic rate. */
    static final int RTC_RATE_SELECT = 0x0f;

    /** B: updates stopped so that the time can be set. */
    static final int RTC_SET = 0x80;
    /** B: binary rather than BCD. */
    static final int RTC_DM_BINARY = 0x04;
    /** B: 24 hours rather than 12. */
    static final int RTC_24H = 0x02;

    /** B enables it, C reports it: periodic interrupt. */
    static final int RTC_PF = 0x40;
    /** B enables it, C reports it: alarm interrupt. */
    static final int RTC_AF = 0x20;
    /** B enables it, C reports it: update-ended interrupt. */
    static final int RTC_UF = 0x10;
    /** The three causes. */
    static final int RTC_IRQMASK = RTC_PF | RTC_AF | RTC_UF;
    /** C: an enabled cause is pending. */
    static final int RTC_IRQF = 0x80;

    /** D: time and RAM are valid. */
    static final int RTC_VRT = 0x80;

    /** An alarm byte with both top bits set matches any value. */
    static final int ALARM_ANY = 0xc0;
    /** Hours in 12-hour mode: afternoon. */
    static final int HOUR_PM = 0x80;

    private RtcRegisters() {
    }
}
