package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlowWaitTest {

    private final List<String> lines = new ArrayList<>();
    private final List<Throwable> stacks = new ArrayList<>();
    private final List<Long> waits = new ArrayList<>();

    private SlowWait waitFor(Thread... culprits) {
        return new SlowWait("the machine's end", () -> List.of(culprits), 5_000, (line, stack) -> {
            lines.add(line);
            stacks.add(stack);
        });
    }

    @Test
    void aShortWaitSaysNothing() {
        waitFor(Thread.currentThread()).await(millis -> true);
        assertEquals(List.of(), lines);
    }

    @Test
    void aLongOneNamesTheThreadAndWhereItIsEverMoreRarely() {
        waitFor(Thread.currentThread()).await(millis -> {
            waits.add(millis);
            return waits.size() == 4;
        });
        assertEquals(List.of(5_000L, 10_000L, 20_000L, 40_000L), waits);
        assertEquals(3, lines.size());
        String name = Thread.currentThread().getName();
        assertEquals("the machine's end has not come within 5000 ms: thread " + name + " (RUNNABLE) is still at work", lines.get(0));
        assertTrue(lines.get(2).contains("within 35000 ms"), lines.get(2));
        assertTrue(Arrays.stream(stacks.get(0).getStackTrace()).anyMatch(frame -> frame.getClassName().equals(SlowWaitTest.class.getName())),
                "its stack");
    }

    @Test
    void manyThreadsAreNotAllNamed() {
        Thread[] culprits = new Thread[254];
        Arrays.setAll(culprits, i -> new Thread(() -> { }, "vcpu-" + i));
        waitFor(culprits).isOverSoon(millis -> false);
        assertEquals(8, lines.size());
    }
}
