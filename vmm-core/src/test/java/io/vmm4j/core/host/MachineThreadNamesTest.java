package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MachineThreadNamesTest {

    @Test
    void threadsOfANamedMachineHaveItsNameInFront() {
        MachineThreads own = new MachineThreads("web", true);
        Thread thread = new Thread(() -> { }, "console-in");
        own.add(thread, MachineThreads.Role.CONSOLE);
        own.add(thread, MachineThreads.Role.CONSOLE);
        assertEquals("web/console-in", thread.getName());
        assertEquals("web/vm-end", own.nameFor("vm-end"));
        assertEquals("web: ", own.prefix());
    }

    @Test
    void thoseOfAMachineThatWasGivenNoneAreAsTheyWere() {
        MachineThreads own = new MachineThreads("vm-1", false);
        Thread thread = new Thread(() -> { }, "vcpu-0");
        own.add(thread, MachineThreads.Role.GUEST);
        assertEquals("vcpu-0", thread.getName());
        assertEquals("vm-end", own.nameFor("vm-end"));
        assertEquals("", own.prefix());
        assertEquals("vm-1", own.machine());
    }

    @Test
    void aThreadThatRunsKeepsItsName() {
        MachineThreads own = new MachineThreads("web", true);
        String before = Thread.currentThread().getName();
        own.add(Thread.currentThread(), MachineThreads.Role.END);
        assertEquals(before, Thread.currentThread().getName());
    }
}
