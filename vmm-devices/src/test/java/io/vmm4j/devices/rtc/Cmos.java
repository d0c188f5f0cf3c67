package io.vmm4j.devices.rtc;

import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.RecordingLine;
import java.time.Duration;
import java.time.Instant;

/** A CMOS clock with its surroundings, and the guest's view of it. It is Thursday, 29 February 2024, 13:59:57.25 UTC. */
final class Cmos {

    static final Instant START = Instant.parse("2024-02-29T13:59:57.25Z");

    final RecordingLine line = new RecordingLine();
    final ManualClock clock;
    final ManualLoop loop;
    final CmosRtc device;

    Cmos() {
        this(START);
    }

    Cmos(Instant start) {
        clock = new ManualClock(start);
        loop = new ManualLoop(clock);
        device = new CmosRtc(clock, 128L << 20, 0, line, loop);
    }

    int in(int register) {
        device.write(0, 1, register);
        return (int) device.read(1, 1);
    }

    void out(int register, int value) {
        device.write(0, 1, register);
        device.write(1, 1, value);
    }

    /** Turns time on and runs the timers on the way. */
    void pass(Duration time) {
        loop.advance(time);
    }

    /** Century, year, month, day, weekday, hours, minutes, seconds as the bytes read, in hex. */
    String time() {
        return String.format("%02x%02x-%02x-%02x %02x %02x:%02x:%02x", in(0x32), in(9), in(8), in(7), in(6), in(4), in(2), in(0));
    }

    /** Sets the time as Linux's mc146818_set_time does, except for the divider. Values are bytes. */
    void set(int century, int year, int month, int day, int hours, int minutes, int seconds) {
        int control = in(0x0b);
        out(0x0b, control | 0x80);
        out(9, year);
        out(8, month);
        out(7, day);
        out(4, hours);
        out(2, minutes);
        out(0, seconds);
        out(0x32, century);
        out(0x0b, control);
    }
}
