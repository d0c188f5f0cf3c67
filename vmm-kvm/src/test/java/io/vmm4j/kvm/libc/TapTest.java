package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class TapTest {
    private static Tap open(boolean multiQueue) throws LinuxException {
        try {
            return Tap.open("vmmtest%d", multiQueue);
        } catch (LinuxException e) {
            assumeTrue(e.errno() != Errno.EPERM && e.errno() != Errno.EACCES && e.errno() != Errno.ENOENT
                    && e.errno() != Errno.ENODEV && e.errno() != Errno.ENXIO, "no tap devices here: " + e.getMessage());
            throw e;
        }
    }

    @Test
    void theKernelNumbersTheInterface() throws Exception {
        try (Tap tap = open(false)) {
            assertTrue(tap.name().matches("vmmtest\\d+"), tap.name());
            tap.setVnetHeaderSize(12);
            tap.setOffload(Tap.TUN_F_CSUM | Tap.TUN_F_TSO4 | Tap.TUN_F_TSO6);
        }
    }

    @Test
    void anInterfaceThatIsDownMovesNothing() throws Exception {
        try (Tap tap = open(false)) {
            IoVec vector = new IoVec(1);
            vector.add(ByteBuffer.allocateDirect(2048));
            assertEquals(Fd.WOULD_BLOCK, tap.readv(vector));
        }
    }

    @Test
    void aSecondProgramIsToldThatItIsBusy() throws Exception {
        try (Tap tap = open(false)) {
            LinuxException e = assertThrows(LinuxException.class, () -> Tap.open(tap.name(), false));
            assertEquals("another program is attached to it", e.hint());
        }
    }

    @Test
    void aMultiQueueInterfaceIsOpenedOnceAQueue() throws Exception {
        try (Tap first = open(true); Tap second = Tap.open(first.name(), true)) {
            assertEquals(first.name(), second.name());
        }
    }

    @Test
    void namesTheKernelWouldCutAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Tap.open("sixteen-bytes-xx", false));
        assertThrows(IllegalArgumentException.class, () -> Tap.open("", false));
    }
}
