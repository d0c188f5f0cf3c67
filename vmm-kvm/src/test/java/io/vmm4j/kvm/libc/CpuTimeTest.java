package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import org.junit.jupiter.api.Test;

class CpuTimeTest {

    @Test
    void whatAThreadUsesItsProcessUses() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long before = CpuTime.processMicros();
        long start = threads.getCurrentThreadCpuTime();
        long used = 0;
        while (used < 5_000_000) {
            used = threads.getCurrentThreadCpuTime() - start;
        }
        long told = CpuTime.processMicros() - before;
        assertTrue(told >= used / 1000, told + " us of the process for " + used + " ns of one of its threads");
    }
}
