package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StopTimeoutTest {

    private final List<String> problems = new ArrayList<>();

    private Duration of(String... words) {
        return StopTimeout.of(ArgumentParser.parse(words), problems::add);
    }

    @Test
    void aGuestHasEightSecondsUnlessSaid() {
        assertEquals(Duration.ofSeconds(8), of("-k", "k"));
        assertEquals(Duration.ofSeconds(90), of("-k", "k", "--stop-timeout", "90"));
        assertEquals(Duration.ZERO, of("run", "vm.json", "--stop-timeout=0"));
        assertEquals(Duration.ofHours(1), of("--stop-timeout", "3600"));
        assertEquals(List.of(), problems);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "3601|stop timeout 3601 s is not in 0..3600 (--stop-timeout)",
        "-1|stop timeout -1 s is not in 0..3600 (--stop-timeout)",
        "8s|stop timeout \"8s\" is not a whole number of seconds (--stop-timeout)",
        "1.5|stop timeout \"1.5\" is not a whole number of seconds (--stop-timeout)",
        "99999999999|stop timeout \"99999999999\" is not a whole number of seconds (--stop-timeout)",
    })
    void whatCannotBeIsOneLine(String text, String line) {
        assertEquals(Duration.ofSeconds(8), of("--stop-timeout", text));
        assertEquals(List.of(line), problems);
    }

    @Test
    void itGoesWithWhatBootsAMachineAndNothingElse() {
        assertEquals(List.of(), ArgumentParser.parse("run", "--stop-timeout", "9", "vm.json").problems());
        assertEquals(List.of(), ArgumentParser.parse("--stop-timeout", "9", "create", "-k", "k").problems());
        assertTrue(ArgumentParser.parse("--stop-timeout", "9", "update").problems().get(0).contains("does not go with the command update"));
    }
}
