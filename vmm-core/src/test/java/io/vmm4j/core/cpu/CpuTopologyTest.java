package io.vmm4j.core.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class CpuTopologyTest {

    @Test
    void oneSocketCountsItsCores() {
        assertArrayEquals(new int[] {0, 1, 2, 3, 4}, CpuTopology.oneSocket(5).apicIds(5));
        assertArrayEquals(new int[] {0}, CpuTopology.oneSocket(1).apicIds(1));
        assertEquals(5, CpuTopology.oneSocket(5).vcpus());
    }

    @Test
    void idsLeaveGapsWhereANumberIsNoPowerOfTwo() {
        assertArrayEquals(new int[] {0, 1, 2, 4, 5, 6}, new CpuTopology(1, 3, 1, 2).apicIds(6));
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13}, new CpuTopology(2, 3, 1, 2).apicIds(12));
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13}, new CpuTopology(1, 2, 3, 2).apicIds(12));
    }

    @Test
    void oneOfALevelTakesNoBits() {
        assertArrayEquals(new int[] {0, 1, 2}, new CpuTopology(1, 1, 1, 3).apicIds(3));
    }

    @Test
    void aLevelOfNoneIsABug() {
        assertThrows(IllegalArgumentException.class, () -> new CpuTopology(0, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new CpuTopology(1, 1, 1, -1));
    }
}
