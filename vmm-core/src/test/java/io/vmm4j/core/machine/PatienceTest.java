package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PatienceTest {

    @Test
    void itEndsOnlyByTimeThatCounts() {
        boolean[] isInterrupted = {true};
        Patience patience = new Patience(Duration.ofNanos(1), () -> isInterrupted[0]);
        for (int i = 0; i < 1000; i++) {
            assertFalse(patience.isOver());
        }
        isInterrupted[0] = false;
        while (!patience.isOver()) {
            Thread.onSpinWait();
        }
        isInterrupted[0] = true;
        assertTrue(patience.isOver());
    }
}
