package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.kvm.abi.KvmUserspaceMemoryRegion;
import io.vmm4j.kvm.libc.Allocations;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LibC;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(60)
final class DirtyLogTest {
    /** Writes pages 5 and 6, with an exit after each. */
    private static final String CODE = "c6 06 00 50 01  e6 80  c6 06 00 60 01  e6 80  f4";

    private final RecordingHandler handler = new RecordingHandler();

    /** Of pages 5 and 6 only: of the one that the code is in, kernels differ. */
    private static long written(DirtyLog log) throws KvmException {
        return log.read().get(0) & (1 << 5 | 1 << 6);
    }

    private static void track(TinyGuest guest) throws KvmException {
        guest.vm.setUserMemoryRegion(0, KvmUserspaceMemoryRegion.KVM_MEM_LOG_DIRTY_PAGES, 0, TinyGuest.MEMORY_SIZE, LibC.address(guest.memory));
    }

    @Test
    void aReadingHasThePagesWrittenSinceTheOneBefore() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode(CODE)) {
            track(guest);
            DirtyLog log = guest.vm.dirtyLog(0, TinyGuest.MEMORY_SIZE);
            assertEquals(16, log.pages());
            assertEquals(0, written(log));
            guest.runOnce(handler);
            assertEquals(1 << 5, written(log));
            log.clear(0, 16);
            guest.runOnce(handler);
            assertEquals(1 << 6, written(log));
            assertSame(log.read(), log.read(), "nothing is made for a reading");
        }
    }

    @Test
    void aManualLogKeepsThePagesUntilTheyAreCleared() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode(CODE)) {
            assumeTrue(guest.vm.enableManualDirtyLog(), "this KVM has no manual dirty log");
            track(guest);
            DirtyLog log = guest.vm.dirtyLog(0, TinyGuest.MEMORY_SIZE);
            guest.runOnce(handler);
            assertEquals(1 << 5, written(log));
            guest.runOnce(handler);
            assertEquals(1 << 5 | 1 << 6, written(log));
            log.clear(0, 16);
            assertEquals(0, written(log));
            guest.memory.putLong(0x5000, 1);
            assertEquals(0, written(log), "what the monitor writes is not in it");
        }
    }

    @Test
    void partsThatKvmCannotClearAreRefused() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode(CODE)) {
            track(guest);
            DirtyLog log = guest.vm.dirtyLog(0, TinyGuest.MEMORY_SIZE);
            assertThrows(IllegalArgumentException.class, () -> log.clear(8, 8));
            assertThrows(IllegalArgumentException.class, () -> log.clear(0, 8));
            assertThrows(IllegalArgumentException.class, () -> log.clear(0, 17));
        }
    }

    @Test
    void aSlotThatIsNotTrackedHasNoLog() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode(CODE)) {
            KvmException missing = assertThrows(KvmException.class, () -> guest.vm.dirtyLog(0, TinyGuest.MEMORY_SIZE).read());
            assertEquals(Errno.ENOENT, missing.errno());
        }
    }

    @Test
    void aReadingAllocatesNothing() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode(CODE)) {
            track(guest);
            DirtyLog log = guest.vm.dirtyLog(0, TinyGuest.MEMORY_SIZE);
            assertTrue(Allocations.ofLoop(1000, log::read) < 10_000);
        }
    }
}
