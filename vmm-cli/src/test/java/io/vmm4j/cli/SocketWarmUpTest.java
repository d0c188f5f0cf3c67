package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SocketWarmUpTest {

    @Test
    void optionsThatMakeASocketHaveItBegin() {
        assertTrue(SocketWarmUp.isDue("-k", "vmlinux", "--console-path", "console.sock"));
        assertTrue(SocketWarmUp.isDue("-k", "vmlinux", "-s", "serial.sock"));
        assertTrue(SocketWarmUp.isDue("--serial-path=serial.sock", "-k", "vmlinux"));
        assertTrue(SocketWarmUp.isDue("run", "vm.json", "--api-sock-path", "control.sock"));
        assertTrue(SocketWarmUp.isDue("-k", "vmlinux", "--name", "web"));
    }

    @Test
    void othersDoNot() {
        assertFalse(SocketWarmUp.isDue("-k", "vmlinux", "--console-path", "stdio", "--serial-path=none"));
        assertFalse(SocketWarmUp.isDue("-k", "name", "--rootfs", "root.img"));
        assertFalse(SocketWarmUp.isDue());
    }
}
