package io.vmm4j.core.machine;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.IrqfdLine;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.core.vhostuser.VhostUserDevice;
import io.vmm4j.core.vhostuser.Wiring;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtio-mmio windows of a machine: gives each device its window, its interrupt line (an irqfd) and an ioeventfd a
 * queue, so that neither a notification nor an interrupt costs a vCPU exit to the monitor.
 */
final class VirtioSlots implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VirtioSlots.class);

    private static final int QUEUE_NOTIFY_WIDTH = 4;

    /** Where the guest comes to see a device. */
    @FunctionalInterface
    interface Windows {
        void put(String name, VirtioMmioSlot slot, VirtioMmioTransport transport);
    }

    /** Takes something from KVM. */
    @FunctionalInterface
    private interface Untying {
        void untie() throws IOException;
    }

    private final KvmVm vm;
    private final GuestMemory memory;
    private final Windows windows;
    private final Iterator<VirtioMmioSlot> free;
    private final SavedParts parts;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final Deque<Untying> tied = new ArrayDeque<>();

    /**
     * @param slots as many as devices will be added
     * @param parts takes note of the devices
     */
    VirtioSlots(KvmVm vm, GuestMemory memory, Windows windows, List<VirtioMmioSlot> slots, SavedParts parts) {
        this.parts = parts;
        this.vm = vm;
        this.memory = memory;
        this.windows = windows;
        this.free = slots.iterator();
    }

    /** What of the machine has state. */
    SavedParts parts() {
        return parts;
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
        VirtioMmioTransport transport = transport(slot, device, deviceLoop);
        int queues = device.queueSizeMax().length;
        for (int queue = 0; queue < queues; queue++) {
            EventFd notify = EventFd.create();
            owned.push(notify);
            long register = slot.base() + VirtioMmioRegisters.QUEUE_NOTIFY;
            int notified = queue;
            vm.ioEventFdMmio(notify, register, QUEUE_NOTIFY_WIDTH, notified);
            tied.push(() -> vm.removeIoEventFdMmio(notify, register, QUEUE_NOTIFY_WIDTH, notified));
            EpollEventLoop loop = queueLoops.isEmpty() ? deviceLoop : queueLoops.get(queue);
            loop.watch(notify, () -> transport.notifyQueue(notified));
        }
        put(name, slot, transport, deviceLoop);
        return transport;
    }

    private VirtioMmioTransport transport(VirtioMmioSlot slot, VirtioDevice device, EpollEventLoop deviceLoop) throws IOException {
        IrqfdLine line = new IrqfdLine(vm, slot.gsi());
        owned.push(line);
        tied.push(line::unbind);
        return new VirtioMmioTransport(device, memory, line, deviceLoop);
    }

    private void put(String name, VirtioMmioSlot slot, VirtioMmioTransport transport, EpollEventLoop deviceLoop) {
        windows.put(name, slot, transport);
        parts.add(name, transport, deviceLoop);
        tied.push(() -> parts.remove(transport));
    }

    /** Makes a device for its wiring. */
    @FunctionalInterface
    interface WiredMaker {
        VhostUserDevice make(Wiring wiring) throws IOException;
    }

    /**
     * Puts a device into the next window whose queues another process serves, which is notified and interrupts without this one.
     *
     * @param queues it has
     */
    VhostUserDevice addWired(String name, int queues, WiredMaker maker, EpollEventLoop deviceLoop) throws IOException {
        VirtioMmioSlot slot = free.next();
        KvmWiring wiring = new KvmWiring(vm, slot, queues);
        owned.push(wiring);
        tied.push(wiring::untie);
        VhostUserDevice device = maker.make(wiring);
        owned.push(device);
        put(name, slot, transport(slot, device, deviceLoop), deviceLoop);
        return device;
    }

    /** Takes the eventfds from KVM, whose machine goes on without the devices; before {@link #close}. */
    void untie() {
        while (!tied.isEmpty()) {
            try {
                tied.pop().untie();
            } catch (IOException e) {
                LOG.warn("an eventfd stays tied to the machine: {}", e.getMessage());
            }
        }
    }

    /** Gives back the eventfds; the loops that watched them have ended. */
    @Override
    public void close() {
        Machine.closeAll(owned);
    }
}
