package io.vmm4j.devices.virtio.queue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.virtio.VirtioFeatures;

/** A queue as its transport sees it. Its state is saved and restored while nobody serves it. */
public interface StoppableQueue extends VirtQueue, Stateful {

    /**
     * Where the device is in the rings. The chains that it holds are given back to the available side: it polls them once more after
     * {@link #restoreState}, in the same order.
     *
     * @throws IllegalStateException when a chain is held that was polled before one that was given back: no position says that
     */
    @Override
    State saveState();

    /**
     * Makes the device's side of a queue, in the ring format that was negotiated.
     *
     * @param memory         guest RAM
     * @param addresses      where the driver put the queue
     * @param sizeMax        largest size the device allows
     * @param driverFeatures the features acknowledged: RING_PACKED, INDIRECT_DESC and EVENT_IDX matter
     * @throws VirtQueueException when the size is not one of the format, up to {@code sizeMax}, or a part of the queue is misaligned
     *     or not all RAM
     */
    static StoppableQueue open(GuestMemory memory, QueueAddresses addresses, int sizeMax, long driverFeatures) throws VirtQueueException {
        boolean isPacked = (driverFeatures & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_RING_PACKED)) != 0;
        return isPacked
                ? new PackedVirtQueue(memory, addresses, sizeMax, driverFeatures)
                : new SplitVirtQueue(memory, addresses, sizeMax, driverFeatures);
    }

    /**
     * Stops the queue for good, as when the driver takes its ready bit back (virtio 1.2, section 4.2.2): polls find
     * nothing any more, pushes reach no ring. Any thread may call it.
     */
    void stop();
}
