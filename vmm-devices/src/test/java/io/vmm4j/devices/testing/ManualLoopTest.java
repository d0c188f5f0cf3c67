package io.vmm4j.devices.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.time.LoopTimer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManualLoopTest {

    private final ManualClock clock = new ManualClock(Instant.EPOCH);
    private final ManualLoop loop = new ManualLoop(clock);
    private final List<String> events = new ArrayList<>();

    @Test
    void tasksWaitForRunAndKeepTheirOrder() {
        loop.execute(() -> {
            events.add("first");
            loop.execute(() -> events.add("third"));
            events.add("still first");
        });
        loop.execute(() -> events.add("second"));
        assertEquals(List.of(), events);
        loop.run();
        assertEquals(List.of("first", "still first", "second", "third"), events);
        assertTrue(loop.inLoop());
    }

    @Test
    void advancingRunsEachTimerAtItsOwnTime() {
        LoopTimer late = loop.timer(() -> events.add("late " + clock.instant()));
        LoopTimer[] again = new LoopTimer[1];
        again[0] = loop.timer(() -> {
            events.add("tick " + clock.instant());
            again[0].arm(2_000_000_000L);
        });
        again[0].arm(2_000_000_000L);
        late.arm(5_000_000_000L);
        loop.advance(Duration.ofSeconds(5));
        assertEquals(List.of("tick 1970-01-01T00:00:02Z", "tick 1970-01-01T00:00:04Z", "late 1970-01-01T00:00:05Z"), events);
        assertEquals(Instant.ofEpochSecond(5), clock.instant());
    }

    @Test
    void aDisarmedOrClosedTimerDoesNotRun() {
        LoopTimer disarmed = loop.timer(() -> events.add("disarmed"));
        LoopTimer closed = loop.timer(() -> events.add("closed"));
        disarmed.arm(0);
        disarmed.disarm();
        closed.arm(0);
        closed.close();
        closed.arm(0);
        closed.close();
        loop.advance(Duration.ofDays(1));
        assertEquals(List.of(), events);
        assertEquals(0, loop.armedTimers());
    }

    @Test
    void theLongestDelayDoesNotOverflow() {
        LoopTimer timer = loop.timer(() -> events.add("far"));
        clock.advanceNanos(1);
        timer.arm(Long.MAX_VALUE);
        loop.run();
        assertEquals(List.of(), events);
        assertEquals(1, loop.armedTimers());
    }

    @Test
    void aLoopThatFeedsItselfForEverIsReported() {
        loop.execute(new Runnable() {
            @Override
            public void run() {
                loop.execute(this);
            }
        });
        assertThrows(IllegalStateException.class, loop::run);
    }
}
