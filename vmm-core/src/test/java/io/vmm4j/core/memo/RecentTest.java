package io.vmm4j.core.memo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RecentTest {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 50);
    private final AtomicInteger looks = new AtomicInteger();
    private final Recent<Integer> recent = new Recent<>(looks::incrementAndGet, 100, now::get);

    @Test
    void aMomentHasOneLook() {
        assertEquals(1, recent.get());
        now.addAndGet(99);
        assertEquals(1, recent.get(), "the clock has gone over its largest number meanwhile");
    }

    @Test
    void theNextMomentHasAnother() {
        assertEquals(1, recent.get());
        now.addAndGet(100);
        assertEquals(2, recent.get());
        assertEquals(2, recent.get());
    }
}
