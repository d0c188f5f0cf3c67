package io.vmm4j.cli.firecracker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LogLimitTest {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
    private final LogLimit limit = new LogLimit(nanos::get);

    private void pass(long millis) {
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private int admitted(String pattern, int lines) {
        int count = 0;
        for (int i = 0; i < lines; i++) {
            count += limit.admit("a", pattern) >= 0 ? 1 : 0;
        }
        return count;
    }

    @Test
    void tenLinesPassAtOnceAndThenOneEachHalfSecond() {
        assertEquals(10, admitted("x {}", 25));
        pass(499);
        assertEquals(0, admitted("x {}", 1));
        pass(1);
        assertEquals(1, admitted("x {}", 2));
        pass(5_000);
        assertEquals(10, admitted("x {}", 25));
    }

    @Test
    void theNextLineThatPassesTellsHowManyDidNot() {
        assertEquals(10, admitted("x", 13));
        pass(500);
        assertEquals(3, limit.admit("a", "x"));
        assertEquals(LogLimit.SUPPRESSED, limit.admit("a", "x"));
        pass(500);
        assertEquals(1, limit.admit("a", "x"));
        assertEquals(4, limit.suppressed());
    }

    @Test
    void eachSiteHasALimitOfItsOwn() {
        assertEquals(10, admitted("x", 20));
        assertEquals(10, admitted("y", 20));
        assertEquals(0, limit.admit("b", "x"));
    }

    @Test
    void patternsWithoutEndAreBoundedToo() {
        int count = 0;
        for (int i = 0; i < 5_000; i++) {
            count += limit.admit("a", "line " + i) >= 0 ? 1 : 0;
        }
        assertEquals(1024 + 10, count);
    }
}
