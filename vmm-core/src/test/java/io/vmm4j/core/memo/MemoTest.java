package io.vmm4j.core.memo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;

class MemoTest {

    private final Memo<List<Integer>, String> memo = new Memo<>(2);

    @Test
    void whatIsKeptIsFoundByAnEqualKey() {
        assertNull(memo.find(List.of(1)));
        assertEquals("one", memo.keep(List.of(1), "one"));
        assertEquals("one", memo.find(List.of(1)));
        assertNull(memo.find(List.of(2)));
    }

    @Test
    void theLeastRecentlyUsedGoes() {
        memo.keep(List.of(1), "one");
        memo.keep(List.of(2), "two");
        memo.find(List.of(1));
        memo.keep(List.of(3), "three");
        assertEquals("one", memo.find(List.of(1)));
        assertNull(memo.find(List.of(2)));
        assertEquals("three", memo.find(List.of(3)));
    }
}
