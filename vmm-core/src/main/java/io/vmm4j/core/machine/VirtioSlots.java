package io.vmm4j.core.machine;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.IrqfdLine;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.mmio.VirtioMmioRegisters;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.libc.EventFd;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * The virtio-mmio windows of a machine: gives each device its window, its interrupt line (an irqfd) and an ioeventfd a
 * queue, so that neither a notification nor an interrupt costs a vCPU exit to the monitor.
 */
final class VirtioSlots implements AutoCloseable {

    private static final int QUEUE_NOTIFY_WIDTH = 4;

    private final KvmVm vm;
    private final GuestMemory memory;
    private final BusBuilder mmio;
    private final Iterator<VirtioMmioSlot> free;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    /** @param slots as many as devices will be added */
    VirtioSlots(KvmVm vm, GuestMemory memory, BusBuilder mmio, List<VirtioMmioSlot> slots) {
        this.vm = vm;
        this.memory = memory;
        this.mmio = mmio;
        this.free = slots.iterator();
    }

    /**
     * Puts a device into the next window.
     *
     * @param name       for messages
     * @param deviceLoop owns the device
     * @param queueLoops one a virtqueue: the thread that serves it; empty when {@code deviceLoop} serves all
     */
    VirtioMmioTransport add(String name, VirtioDevice device, EpollEventLoop deviceLoop, List<EpollEventLoop> queueLoops)
            throws IOException {
        VirtioMmioSlot slot = free.next();
        IrqfdLine line = new IrqfdLine(vm, slot.gsi());
        owned.push(line);
        VirtioMmioTransport transport = new VirtioMmioTransport(device, memory, line, deviceLoop);
        int queues = device.queueSizeMax().length;
        for (int queue = 0; queue < queues; queue++) {
            EventFd notify = EventFd.create();
            owned.push(notify);
            vm.ioEventFdMmio(notify, slot.base() + VirtioMmioRegisters.QUEUE_NOTIFY, QUEUE_NOTIFY_WIDTH, queue);
            EpollEventLoop loop = queueLoops.isEmpty() ? deviceLoop : queueLoops.get(queue);
            int notified = queue;
            loop.watch(notify, () -> transport.notifyQueue(notified));
        }
        mmio.add(name, slot.base(), slot.size(), transport);
        return transport;
    }

    /** Gives back the eventfds; the loops that watched them have ended. */
    @Override
    public void close() {
        Machine.closeAll(owned);
    }
}
