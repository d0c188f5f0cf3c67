package io.vmm4j.core.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RetryTest {

    private static final Timing TIMING = new Timing(Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofMillis(500), Duration.ofSeconds(10));

    private final ManualClock clock = new ManualClock();
    private final ManualLoop loop = new ManualLoop(clock);
    private int looks;
    private final Retry retry = new Retry(loop, clock, TIMING, () -> looks++);

    private int looksWithin(long millis) {
        int before = looks;
        loop.advance(Duration.ofMillis(millis));
        return looks - before;
    }

    @Test
    void eachLookIsTwiceAsLateAsTheLastUpToABound() {
        for (int millis : new int[] {100, 200, 400, 500, 500}) {
            retry.later();
            assertEquals(0, looksWithin(millis - 1));
            assertEquals(1, looksWithin(1));
        }
    }

    @Test
    void aLossSoonAfterTheConnectionIsNoNews() {
        assertTrue(retry.lost(), "the first");
        retry.connected();
        loop.advance(Duration.ofSeconds(9));
        assertFalse(retry.lost());
        retry.connected();
        loop.advance(Duration.ofSeconds(10));
        assertTrue(retry.lost());
    }

    @Test
    void aConnectionThatLastedBringsTheDelayBack() {
        retry.later();
        retry.later();
        retry.connected();
        assertEquals(0, looksWithin(20_000), "a connection ends the looking");
        retry.lost();
        retry.later();
        assertEquals(1, looksWithin(100));
    }
}
