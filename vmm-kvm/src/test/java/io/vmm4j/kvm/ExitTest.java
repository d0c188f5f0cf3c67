package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.abi.KvmExitReason;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.ThreadSignal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(60)
final class ExitTest {
    private final RecordingHandler handler = new RecordingHandler();

    @Test
    void registersShowWhereAHaltedGuestStands() throws Exception {
        // mov ax,0x1234; hlt
        try (TinyGuest guest = TinyGuest.realMode("b8 34 12  f4")) {
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(KvmExitReason.KVM_EXIT_HLT, guest.vcpu.exitReason());
            KvmRegs regs = guest.vcpu.getRegs();
            assertEquals(0x1234, regs.rax);
            assertEquals(TinyGuest.CODE + 4, regs.rip);
        }
    }

    @Test
    void aTripleFaultIsAShutdown() throws Exception {
        // ud2 without an interrupt table
        try (TinyGuest guest = TinyGuest.longMode("0f 0b")) {
            KvmSregs sregs = guest.vcpu.getSregs();
            sregs.idt.limit = 0;
            guest.vcpu.setSregs(sregs);
            assertEquals(VcpuExit.SHUTDOWN, guest.runToEnd(handler));
        }
    }

    @Test
    void longModeComputesIn64Bits() throws Exception {
        // mov rax,0x123456789; shl rax,24; mov [0x2000],rax; hlt
        try (TinyGuest guest = TinyGuest.longMode("48 b8 89 67 45 23 01 00 00 00  48 c1 e0 18  48 89 04 25 00 20 00 00  f4")) {
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(0x0123_4567_8900_0000L, guest.memory.getLong(0x2000));
        }
    }

    @Test
    void aRequestedExitComesBeforeTheGuestRuns() throws Exception {
        // mov ax,1; hlt
        try (TinyGuest guest = TinyGuest.realMode("b8 01 00  f4")) {
            guest.vcpu.requestExit();
            assertEquals(VcpuExit.INTERRUPTED, guest.vcpu.run(handler));
            assertEquals(TinyGuest.CODE, guest.vcpu.getRegs().rip, "nothing was executed");
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler), "the flag is clear again");
        }
    }

    @Test
    void aRequestedExitCompletesThePendingAccessFirst() throws Exception {
        // in al,0x60; hlt
        try (TinyGuest guest = TinyGuest.realMode("e4 60  f4")) {
            handler.answer = 0x5A;
            assertEquals(VcpuExit.HANDLED, guest.runOnce(handler));
            guest.vcpu.requestExit();
            assertEquals(VcpuExit.INTERRUPTED, guest.vcpu.run(handler));
            assertEquals(0x5A, guest.vcpu.getRegs().rax & 0xFF);
        }
    }

    @Test
    void twoHundredKicksBringASpinningVcpuBack() throws Exception {
        // again: inc word [0x2000]; jmp again
        try (TinyGuest guest = TinyGuest.realMode("ff 06 00 20  eb fa")) {
            CompletableFuture<ThreadSignal.Target> target = new CompletableFuture<>();
            CompletableFuture<Void> end = new CompletableFuture<>();
            AtomicBoolean stop = new AtomicBoolean();
            Semaphore interrupted = new Semaphore(0);
            Thread thread = new Thread(() -> {
                target.complete(ThreadSignal.current());
                try {
                    while (!stop.get()) {
                        assertEquals(VcpuExit.INTERRUPTED, guest.vcpu.run(handler));
                        interrupted.release();
                    }
                    end.complete(null);
                } catch (KvmException | AssertionError e) {
                    end.completeExceptionally(e);
                }
            });
            thread.start();
            ThreadSignal.Target kicked = target.get(10, TimeUnit.SECONDS);
            for (int i = 1; i <= 200; i++) {
                awaitGuestRunning(guest);
                guest.vcpu.requestExit();
                assertTrue(kicked.kick());
                assertTrue(interrupted.tryAcquire(10, TimeUnit.SECONDS), "kick " + i + " was lost");
                if (i % 50 == 0) {
                    System.gc();
                }
            }
            awaitGuestRunning(guest);
            assertEquals(0, interrupted.availablePermits(), "one interruption a kick");
            stop.set(true);
            guest.vcpu.requestExit();
            kicked.kick();
            end.get(10, TimeUnit.SECONDS);
            thread.join();
        }
    }

    /** The guest counts at 0x2000; a kick after this finds its vCPU inside KVM_RUN. */
    private static void awaitGuestRunning(TinyGuest guest) {
        short seen = guest.memory.getShort(0x2000);
        while (guest.memory.getShort(0x2000) == seen) {
            assertFalse(Thread.currentThread().isInterrupted(), "the guest does not run");
            Thread.yield();
        }
    }

    @Test
    void aVcpuWithoutMemoryUnderItsCodeDoesNotHang() throws Exception {
        // jmp far 0xF000:0x0000, where there is neither memory nor a device: KVM cannot fetch from MMIO
        try (TinyGuest guest = TinyGuest.realMode("ea 00 00 00 f0")) {
            assertEquals(VcpuExit.INTERNAL_ERROR, guest.runToEnd(handler));
            assertEquals(1, guest.vcpu.internalErrorSuberror(), "KVM_INTERNAL_ERROR_EMULATION");
            assertTrue(guest.vcpu.internalErrorData().length <= 16);
        }
    }

    @Test
    void callsOnAClosedVcpuFailWithoutHarm() throws Exception {
        TinyGuest guest = TinyGuest.realMode("f4");
        guest.close();
        assertEquals(Errno.EBADF, assertThrows(KvmException.class, guest.vcpu::getRegs).errno());
        assertEquals(Errno.EBADF, assertThrows(KvmException.class, () -> guest.vcpu.run(handler)).errno());
        guest.vcpu.requestExit();
        assertEquals(0, guest.vcpu.exitReason());
        assertEquals(0, guest.vcpu.drainCoalesced(handler));
        guest.close();
    }
}
