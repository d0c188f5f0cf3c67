package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmIrqRouting;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.EventFd;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Interrupts to the guest and notifications from it. */
@Tag("kvm")
@Timeout(60)
final class NotificationTest {
    /**
     * Sets up both PICs' master at vector 0x20 with all lines open, allows interrupts, says ready on port 0x80, then
     * halts until vector 0x24 has written to port 0x3f8.
     */
    private static final String WAIT_FOR_IRQ_4 = "fa  b0 11 e6 20  b0 20 e6 21  b0 04 e6 21  b0 01 e6 21  b0 00 e6 21  fb"
            + "  b0 01 e6 80  f4  eb fd";
    /** mov al,'I'; mov dx,0x3f8; out dx,al; mov al,0x20; out 0x20,al; iret */
    private static final byte[] HANDLER = {(byte) 0xb0, 'I', (byte) 0xba, (byte) 0xf8, 3, (byte) 0xee,
        (byte) 0xb0, 0x20, (byte) 0xe6, 0x20, (byte) 0xcf};

    private final RecordingHandler handler = new RecordingHandler();

    private static TinyGuest interruptGuest() throws Exception {
        TinyGuest guest = TinyGuest.realMode(WAIT_FOR_IRQ_4, KvmVm::createIrqChip);
        guest.memory.put(0x3000, HANDLER);
        guest.memory.putShort(0x24 * 4, (short) 0x3000).putShort(0x24 * 4 + 2, (short) 0);
        return guest;
    }

    private void runUntilReady(TinyGuest guest) throws Exception {
        assertEquals(VcpuExit.HANDLED, guest.runOnce(handler));
        assertEquals(List.of("out 80/1=1"), handler.accesses);
    }

    @Test
    void signallingAnIrqfdInterruptsAHaltedGuest() throws Exception {
        try (TinyGuest guest = interruptGuest(); EventFd trigger = EventFd.create()) {
            guest.vm.irqfd(trigger, 4);
            runUntilReady(guest);
            for (int i = 0; i < 3; i++) {
                handler.accesses.clear();
                trigger.signal();
                assertEquals(VcpuExit.HANDLED, guest.runOnce(handler));
                assertEquals(List.of("out 3f8/1=49"), handler.accesses);
            }
        }
    }

    @Test
    void aDeassignedIrqfdStaysSilent() throws Exception {
        try (TinyGuest guest = interruptGuest(); EventFd first = EventFd.create(); EventFd second = EventFd.create()) {
            guest.vm.irqfd(first, 4);
            guest.vm.deassignIrqfd(first, 4);
            first.signal();
            assertEquals(1, first.drain(), "KVM no longer takes the signal");
            guest.vm.irqfd(second, 4);
            runUntilReady(guest);
            second.signal();
            assertEquals(VcpuExit.HANDLED, guest.runOnce(handler));
        }
    }

    @Test
    void raisingAndLoweringALineInterruptsOnce() throws Exception {
        try (TinyGuest guest = interruptGuest()) {
            runUntilReady(guest);
            guest.vm.irqLine(4, true);
            guest.vm.irqLine(4, false);
            assertEquals(VcpuExit.HANDLED, guest.runOnce(handler));
            assertEquals("out 3f8/1=49", handler.accesses.get(1));
        }
    }

    @Test
    void routingDecidesWhereANumberLeads() throws Exception {
        try (TinyGuest guest = interruptGuest(); EventFd trigger = EventFd.create()) {
            guest.vm.setGsiRouting(List.of(
                    KvmIrqRouting.Entry.pin(77, KvmIrqRouting.KVM_IRQCHIP_PIC_MASTER, 4),
                    KvmIrqRouting.Entry.msi(78, 0xFEE00000L, 0x4041)));
            guest.vm.irqfd(trigger, 77);
            runUntilReady(guest);
            trigger.signal();
            assertEquals(VcpuExit.HANDLED, guest.runOnce(handler));
            assertEquals("out 3f8/1=49", handler.accesses.get(1));
        }
    }

    @Test
    void aTimerNeedsTheInterruptControllerFirst() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode("f4")) {
            guest.vm.createPit2(0);
            abort("this KVM makes a timer that interrupts nothing");
        } catch (KvmException e) {
            assertEquals("ioctl(KVM_CREATE_PIT2): No such file or directory (ENOENT)", e.getMessage());
        }
    }

    @Test
    void aTimerIsMadeAfterTheInterruptController() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode("f4", vm -> {
            vm.setTssAddress(0xFFFBD000L);
            vm.setIdentityMapAddress(0xFFFBC000L);
            vm.createIrqChip();
            vm.createPit2(0);
        })) {
            assertEquals(0, guest.vcpu.getMpState(), "the first vCPU is runnable");
        }
    }

    @Test
    void aMatchingWriteSignalsTheEventWithoutAnExit() throws Exception {
        // mov ebx,0x10000050; mov eax,5; mov [rbx],eax; mov eax,6; mov [rbx],eax; hlt
        try (TinyGuest guest = TinyGuest.longMode("bb 50 00 00 10  b8 05 00 00 00  89 03  b8 06 00 00 00  89 03  f4");
                EventFd event = EventFd.create()) {
            guest.vm.ioEventFdMmio(event, 0x10000050L, 4, 5);
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("write 10000050/4=6"), handler.accesses, "only the other value exits");
            assertEquals(1, event.drain());
        }
    }

    @Test
    void aRemovedEventLetsWritesExitAgain() throws Exception {
        try (TinyGuest guest = TinyGuest.longMode("bb 50 00 00 10  b8 05 00 00 00  89 03  f4");
                EventFd event = EventFd.create()) {
            guest.vm.ioEventFdMmio(event, 0x10000050L, 4);
            guest.vm.removeIoEventFdMmio(event, 0x10000050L, 4);
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("write 10000050/4=5"), handler.accesses);
            assertEquals(0, event.drain());
            assertEquals(Errno.ENOENT, assertThrows(KvmException.class,
                    () -> guest.vm.removeIoEventFdMmio(event, 0x10000050L, 4)).errno());
        }
    }

    @Test
    void portWritesSignalTheirEventToo() throws Exception {
        // mov al,1; out 0x50,al; out 0x51,al; hlt
        try (TinyGuest guest = TinyGuest.realMode("b0 01  e6 50  e6 51  f4"); EventFd any = EventFd.create();
                EventFd two = EventFd.create()) {
            guest.vm.ioEventFdPio(any, 0x50, 1);
            guest.vm.ioEventFdPio(two, 0x51, 1, 2);
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("out 51/1=1"), handler.accesses);
            assertEquals(1, any.drain());
            assertEquals(0, two.drain(), "1 is not 2");
            guest.vm.removeIoEventFdPio(any, 0x50, 1);
            guest.vm.removeIoEventFdPio(two, 0x51, 1, 2);
        }
    }

    @Test
    void coalescedPortWritesComeInOrderBeforeTheNextExit() throws Exception {
        // mov al,1; out 0x70,al; inc ax; out 0x70,al; inc ax; out 0x70,al; out 0x71,al; hlt
        try (TinyGuest guest = TinyGuest.realMode("b0 01  e6 70  40  e6 70  40  e6 70  e6 71  f4")) {
            assumeTrue(guest.kvm.checkExtension(KvmCap.KVM_CAP_COALESCED_PIO) > 0, "no KVM_CAP_COALESCED_PIO");
            guest.vm.registerCoalescedPio(0x70, 1);
            assertEquals(VcpuExit.HANDLED, guest.runOnce(handler));
            assertEquals(List.of("out 70/1=1", "out 70/1=2", "out 70/1=3", "out 71/1=3"), handler.accesses,
                    "one exit for four writes");
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
        }
    }

    @Test
    void moreCoalescedWritesThanTheRingHoldsAreNotLost() throws Exception {
        // mov cx,1000; again: mov al,cl; out 0x70,al; loop again; hlt
        try (TinyGuest guest = TinyGuest.realMode("b9 e8 03  88 c8  e6 70  e2 fa  f4")) {
            assumeTrue(guest.kvm.checkExtension(KvmCap.KVM_CAP_COALESCED_PIO) > 0, "no KVM_CAP_COALESCED_PIO");
            guest.vm.registerCoalescedPio(0x70, 1);
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(1000, handler.accesses.size());
            for (int i = 0; i < 1000; i++) {
                assertEquals(String.format("out 70/1=%x", 1000 - i & 0xFF), handler.accesses.get(i));
            }
        }
    }

    @Test
    void queuedWritesCanBeDrainedWithoutAnExit() throws Exception {
        // mov al,1; out 0x70,al; hlt (in KVM, with its interrupt controller: no exit)
        try (TinyGuest guest = TinyGuest.longMode("bb 00 00 00 10  b8 07 00 00 00  89 03  f4")) {
            guest.vm.registerCoalescedMmio(0x10000000L, 4096);
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("write 10000000/4=7"), handler.accesses);
            assertEquals(0, guest.vcpu.drainCoalesced(handler));
            guest.vm.unregisterCoalescedMmio(0x10000000L, 4096);
        }
    }
}
