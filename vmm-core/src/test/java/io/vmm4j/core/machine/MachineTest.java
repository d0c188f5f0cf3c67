package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class MachineTest {

    @Test
    void whateverOneResourceThrowsTheOthersAreClosed() {
        List<String> closed = new ArrayList<>();
        Deque<AutoCloseable> owned = new ArrayDeque<>();
        owned.push(() -> closed.add("first"));
        owned.push(() -> {
            throw new NoSuchMethodError("a console compiled against something else");
        });
        owned.push(() -> {
            throw new IllegalStateException("not in order");
        });
        owned.push(() -> closed.add("last"));
        Machine.closeAll(owned);
        assertEquals(List.of("last", "first"), closed);
    }
}
