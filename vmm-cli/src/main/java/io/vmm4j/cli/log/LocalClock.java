package io.vmm4j.cli.log;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.TimeZone;

/**
 * Times of day in the host's time zone. {@link java.time.ZoneId}s say the same, but the first one looks through all jars for further time
 * zones, which takes 15 ms of a start. Thread-safe.
 */
public final class LocalClock {

    private LocalClock() {
    }

    /** The time of day at {@code millis}, in milliseconds since 1970. */
    public static OffsetDateTime at(long millis) {
        int offsetMillis = TimeZone.getDefault().getOffset(millis);
        return Instant.ofEpochMilli(millis).atOffset(ZoneOffset.ofTotalSeconds(offsetMillis / 1000));
    }

    /** What clocks on the wall show now. */
    public static LocalDateTime now() {
        Instant now = Instant.now();
        return LocalDateTime.ofInstant(now, at(now.toEpochMilli()).getOffset());
    }
}
