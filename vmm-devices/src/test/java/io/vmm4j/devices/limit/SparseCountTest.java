package io.vmm4j.devices.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SparseCountTest {

    @Test
    void picksEachPowerOfTwo() {
        SparseCount count = new SparseCount();
        List<Long> picked = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            long number = count.next();
            if (number != 0) {
                picked.add(number);
            }
        }
        assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 256L, 512L), picked);
    }
}
