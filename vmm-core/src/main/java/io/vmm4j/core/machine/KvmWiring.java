package io.vmm4j.core.machine;

import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.core.vhostuser.Wiring;
import io.vmm4j.devices.virtio.mmio.VirtioMmioRegisters;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.libc.EventFd;
import java.io.IOException;

/**
 * The wiring of a device in a virtio-mmio window: KVM signals its kicks and is signalled by its call, so that no thread of this process takes part.
 * Confined to the device's loop; {@link #untie} and {@link #close} are for when that has ended.
 */
final class KvmWiring implements Wiring, AutoCloseable {

    private static final int QUEUE_NOTIFY_WIDTH = 4;

    private final KvmVm vm;
    private final VirtioMmioSlot slot;
    /** By queue; null where there is none yet. */
    private final EventFd[] kicks;
    /** Null while there is none. */
    private EventFd call;

    KvmWiring(KvmVm vm, VirtioMmioSlot slot, int queues) {
        this.vm = vm;
        this.slot = slot;
        this.kicks = new EventFd[queues];
    }

    private long register() {
        return slot.base() + VirtioMmioRegisters.QUEUE_NOTIFY;
    }

    /** Between the two what the guest tells comes by the register, and is not lost: the new one's count is not 0. */
    @Override
    public EventFd newKick(int queue) throws IOException {
        EventFd next = EventFd.create(1);
        try {
            dropKick(queue);
            vm.ioEventFdMmio(next, register(), QUEUE_NOTIFY_WIDTH, queue);
        } catch (IOException e) {
            next.close();
            throw e;
        }
        kicks[queue] = next;
        return next;
    }

    private void dropKick(int queue) throws IOException {
        EventFd last = kicks[queue];
        if (last != null) {
            kicks[queue] = null;
            try {
                vm.removeIoEventFdMmio(last, register(), QUEUE_NOTIFY_WIDTH, queue);
            } finally {
                last.close();
            }
        }
    }

    /** Its count is not 0, so that KVM interrupts at once: a back end may have gone between the used ring and its word of it. */
    @Override
    public EventFd newCall() throws IOException {
        cutCall();
        EventFd next = EventFd.create(1);
        try {
            vm.irqfd(next, slot.gsi());
        } catch (IOException e) {
            next.close();
            throw e;
        }
        call = next;
        return next;
    }

    @Override
    public void cutCall() throws IOException {
        EventFd last = call;
        if (last != null) {
            call = null;
            try {
                vm.deassignIrqfd(last, slot.gsi());
            } finally {
                last.close();
            }
        }
    }

    /** Only while a queue changes from one back end to the next, which is given its kick last, once it serves the queue, and looks at it then. */
    @Override
    public void notified(int queue) {
        // See newKick.
    }

    /** Takes all of it from a machine that goes on; the device's loop has ended. */
    void untie() throws IOException {
        cutCall();
        for (int queue = 0; queue < kicks.length; queue++) {
            dropKick(queue);
        }
    }

    /** The machine has ended, or has had all of it taken from it. */
    @Override
    public void close() {
        for (EventFd kick : kicks) {
            if (kick != null) {
                kick.close();
            }
        }
        if (call != null) {
            call.close();
        }
    }
}
