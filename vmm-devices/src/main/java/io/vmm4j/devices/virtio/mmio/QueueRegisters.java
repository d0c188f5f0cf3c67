package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** QueueSel and the registers behind it, virtio 1.2 section 4.2.2. Guarded by the transport's lock. */
final class QueueRegisters {

    private final QueueConfig[] queues;
    private long selected;

    /** @param sizes largest size of each queue */
    QueueRegisters(int[] sizes) {
        queues = new QueueConfig[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            queues[i] = new QueueConfig(sizes[i]);
        }
    }

    /** Queues that the device has, those of size 0 among them. */
    int count() {
        return queues.length;
    }

    void select(long queue) {
        selected = queue;
    }

    /** QueueSel, 32 bits. */
    long selected() {
        return selected;
    }

    /** The selected queue, or {@code null} when the device has none of that number. */
    QueueConfig selectedQueue() {
        return selected < queues.length ? queues[(int) selected] : null;
    }

    int sizeMax() {
        QueueConfig queue = selectedQueue();
        return queue == null ? 0 : queue.sizeMax;
    }

    /** Writes a register of the selected queue; one that is ready keeps the layout it has. */
    void write(int offset, long value) {
        QueueConfig queue = selectedQueue();
        if (queue != null && !queue.ready) {
            queue.write(offset, value);
        }
    }

    /** Opens those that the driver has made ready; {@code null} stands for each of the others. */
    List<VirtQueue> open(GuestMemory memory, long driverFeatures) throws VirtQueueException {
        return QueueConfig.open(queues, memory, driverFeatures);
    }

    /** @param quiescence of the device */
    void reset(CompletableFuture<Void> quiescence) {
        for (QueueConfig queue : queues) {
            queue.reset(quiescence);
        }
        selected = 0;
    }

    /** @param areServed the device may still use the queues */
    List<State> saveState(boolean areServed) {
        List<State> states = new ArrayList<>(queues.length);
        for (QueueConfig queue : queues) {
            states.add(queue.saveState(areServed));
        }
        return states;
    }

    /**
     * Becomes what was saved, after a reset.
     *
     * @param states of as many queues as there are
     * @param areServed the device is to use the queues
     * @return by number, those that were live; {@code null} stands for each of the others
     */
    List<VirtQueue> restoreState(List<State> states, boolean areServed, GuestMemory memory, long driverFeatures) throws StateException {
        List<VirtQueue> live = new ArrayList<>(queues.length);
        for (int i = 0; i < queues.length; i++) {
            try {
                queues[i].restoreState(states.get(i), areServed, memory, driverFeatures);
            } catch (StateException e) {
                throw e.in("queue " + i);
            }
            live.add(queues[i].live);
        }
        return live;
    }
}
