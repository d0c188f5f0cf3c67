package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.serial.LineSplitter;
import io.vmm4j.devices.testing.ManualClock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class GuestLogTest {

    /** The time, the level and the rest that the log puts in front of each line, as it is at least. */
    private static final int LEAST_PREFIX = 48;
    private static final int BURST_BYTES = 1 << 20;
    private static final int BYTES_PER_SECOND = 1024;

    private final ManualClock clock = new ManualClock();
    private final List<String> logged = new ArrayList<>();
    private final GuestLog log = new GuestLog(clock, logged::add, logged::add);

    private long loggedBytes() {
        return logged.stream().mapToLong(line -> line.getBytes(StandardCharsets.UTF_8).length + LEAST_PREFIX).sum();
    }

    private long lossLines() {
        return logged.stream().filter(line -> line.contains("left out")).count();
    }

    /** A day of a guest that prints {@code text} without a pause: some lines in each second, so that every credit is used. */
    private void floodForADay(String text) {
        for (int second = 0; second < TimeUnit.DAYS.toSeconds(1); second++) {
            for (int i = 0; i < 30; i++) {
                log.accept(text);
            }
            clock.advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void aKernelsBootPassesWhole() {
        for (int i = 0; i < 4000; i++) {
            log.accept("[    0.123456] a line as kernels print them, of some eighty characters or a few more");
        }
        assertEquals(4000, logged.size());
    }

    @Test
    void aDayOfLongLinesIsBoundedInBytes() {
        floodForADay("x".repeat(LineSplitter.DEFAULT_MAX_LENGTH));
        assertTrue(loggedBytes() <= BURST_BYTES + BYTES_PER_SECOND * TimeUnit.DAYS.toSeconds(1), () -> loggedBytes() + " bytes");
        assertTrue(loggedBytes() > BURST_BYTES, () -> "only " + loggedBytes() + " bytes");
    }

    @Test
    void aDayOfEmptyLinesIsBoundedByWhatTheLogPutsInFrontOfThem() {
        floodForADay("");
        assertTrue(loggedBytes() <= BURST_BYTES + BYTES_PER_SECOND * TimeUnit.DAYS.toSeconds(1), () -> loggedBytes() + " bytes");
    }

    @Test
    void charactersCountAsTheBytesTheyAreInTheFile() {
        // Each malformed byte of the guest's becomes three.
        LineSplitter lines = new LineSplitter(log);
        for (int i = 0; i < 4 * BURST_BYTES; i++) {
            lines.write(i % 1000 == 0 ? '\n' : 0xFF);
        }
        assertTrue(loggedBytes() <= BURST_BYTES, () -> loggedBytes() + " bytes");
        logged.clear();
        new GuestLog(clock, logged::add, logged::add).accept("\ud83d\ude00".repeat(BURST_BYTES / 4));
        assertEquals(0, logged.size(), "four bytes for a character beyond the basic plane");
    }

    @Test
    void whatWasLeftOutIsOneLineForAsLongAsItLasts() {
        floodForADay("flood");
        // The burst, and from then on stretches of a sixteenth of it.
        assertTrue(lossLines() <= BYTES_PER_SECOND * TimeUnit.DAYS.toSeconds(1) / (BURST_BYTES / 16) + 1, () -> lossLines() + " lines about loss");
    }

    @Test
    void theLossIsCountedWhenLinesPassAgain() {
        int passed = 0;
        while (logged.size() == passed) {
            log.accept("flood");
            passed++;
        }
        for (int i = 0; i < 41; i++) {
            log.accept("flood");
        }
        int before = logged.size();
        clock.advance(Duration.ofMinutes(10));
        log.accept("calm");
        assertEquals(List.of("42 lines of the guest were left out: more than 1024 bytes a second", "calm"), logged.subList(before, logged.size()));
    }

    @Test
    void theLossIsCountedAtTheEnd() {
        for (int i = 0; i < 100_000; i++) {
            log.accept("flood");
        }
        int before = logged.size();
        log.close();
        assertEquals(before + 1, logged.size());
        assertEquals(100_000 - before + " lines of the guest were left out: more than 1024 bytes a second", logged.get(before));
        log.close();
        assertEquals(before + 1, logged.size(), "told once");
    }

    @Test
    void aGuestThatLeavesNothingOutIsNotToldOf() {
        log.accept("last words");
        log.close();
        assertFalse(logged.toString().contains("left out"), logged::toString);
    }
}
