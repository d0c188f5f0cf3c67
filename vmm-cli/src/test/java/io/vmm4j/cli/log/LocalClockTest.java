package io.vmm4j.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneId;
import java.util.TimeZone;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalClockTest {

    @ParameterizedTest
    @CsvSource({"2026-01-15T12:00:00.123Z, Europe/Vienna", "2026-07-15T12:00:00.123Z, Europe/Vienna", "2026-07-15T23:59:59.999Z, Asia/Kathmandu",
        "1969-07-20T20:17:40Z, America/New_York", "2026-07-15T12:00:00Z, UTC", "2026-10-25T01:00:00Z, Europe/Vienna", "2026-10-25T00:59:59.999Z, Europe/Vienna"})
    void itShowsWhatTheTimeZoneHasThen(Instant time, String zone) {
        TimeZone before = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        try {
            assertEquals(time.atZone(ZoneId.of(zone)).toOffsetDateTime(), LocalClock.at(time.toEpochMilli()));
        } finally {
            TimeZone.setDefault(before);
        }
    }
}
