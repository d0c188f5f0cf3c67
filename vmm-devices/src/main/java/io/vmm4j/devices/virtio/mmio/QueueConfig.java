package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import io.vmm4j.devices.virtio.queue.StoppableQueue;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What the driver has written about one queue, unchecked until DRIVER_OK. Guarded by the transport's lock.
 */
final class QueueConfig {

    private static final long LOW_MASK = 0xFFFF_FFFFL;

    final int sizeMax;
    int size;
    long desc;
    long driver;
    long device;
    boolean ready;
    /** The queue itself, from DRIVER_OK to the reset. */
    StoppableQueue live;
    /** Completes when the device has let go of the queue that was live last. */
    private CompletableFuture<Void> letGo = CompletableFuture.completedFuture(null);
    private boolean isTakenBack;

    QueueConfig(int sizeMax) {
        this.sizeMax = sizeMax;
    }

    /** Opens those of {@code queues} that the driver has made ready; {@code null} stands for each of the others. */
    static List<VirtQueue> open(QueueConfig[] queues, GuestMemory memory, long driverFeatures) throws VirtQueueException {
        List<VirtQueue> live = new ArrayList<>(queues.length);
        for (QueueConfig queue : queues) {
            queue.live = queue.ready ? queue.opened(memory, driverFeatures) : null;
            live.add(queue.live);
        }
        return live;
    }

    private StoppableQueue opened(GuestMemory memory, long driverFeatures) throws VirtQueueException {
        return StoppableQueue.open(memory, new QueueAddresses(size, desc, driver, device), sizeMax, driverFeatures);
    }

    /** @param isServed the device may still use the queue */
    State saveState(boolean isServed) {
        State.Builder state = State.builder().put("size", size).put("desc", desc).put("driver", driver).put("device", device).put("ready", ready);
        if (isServed && live != null) {
            state.put("isTakenBack", isTakenBack);
            state.put("ring", live.saveState());
        }
        return state.build();
    }

    /**
     * Becomes what was saved; opens a queue that was live.
     *
     * @param isServed the device is to use the queue
     */
    void restoreState(State state, boolean isServed, GuestMemory memory, long driverFeatures) throws StateException {
        size = state.int32("size", Integer.MIN_VALUE, Integer.MAX_VALUE);
        desc = state.bits("desc");
        driver = state.bits("driver");
        device = state.bits("device");
        ready = state.flag("ready");
        if (ready && sizeMax == 0) {
            throw new StateException("ready is 1, of a queue that the device has not");
        }
        if (!isServed || !state.has("ring")) {
            return;
        }
        isTakenBack = state.flag("isTakenBack");
        try {
            live = opened(memory, driverFeatures);
        } catch (VirtQueueException e) {
            throw new StateException(e.getMessage());
        }
        live.restoreState(state.part("ring"));
        if (isTakenBack) {
            live.stop();
        }
    }

    /** Writes a register that describes the queue; others are dropped. */
    void write(int offset, long value) {
        switch (offset) {
            case VirtioMmioRegisters.QUEUE_NUM -> size = (int) value;
            case VirtioMmioRegisters.QUEUE_DESC_LOW -> desc = withLow(desc, value);
            case VirtioMmioRegisters.QUEUE_DESC_HIGH -> desc = withHigh(desc, value);
            case VirtioMmioRegisters.QUEUE_DRIVER_LOW -> driver = withLow(driver, value);
            case VirtioMmioRegisters.QUEUE_DRIVER_HIGH -> driver = withHigh(driver, value);
            case VirtioMmioRegisters.QUEUE_DEVICE_LOW -> device = withLow(device, value);
            case VirtioMmioRegisters.QUEUE_DEVICE_HIGH -> device = withHigh(device, value);
            default -> { } // read-only or reserved
        }
    }

    /** The driver takes a live queue back: nothing is found in it any more. Returns false when it had done so before. */
    boolean takeBack() {
        boolean isNew = !isTakenBack;
        isTakenBack = true;
        live.stop();
        return isNew;
    }

    /** @param quiescence of the queue that was taken back; asked of the device only after {@link #takeBack} */
    void letGoBy(CompletableFuture<Void> quiescence) {
        letGo = quiescence;
    }

    /** Completes when a queue that the driver has taken back is the driver's again. */
    CompletableFuture<Void> letGo() {
        return letGo;
    }

    /** @param quiescence of the device */
    void reset(CompletableFuture<Void> quiescence) {
        size = 0;
        desc = 0;
        driver = 0;
        device = 0;
        ready = false;
        isTakenBack = false;
        if (live != null) {
            live.stop(); // what a device gives back behind its reset must not reach the guest
            live = null;
            letGo = quiescence;
        }
    }

    static long withLow(long address, long value) {
        return address & ~LOW_MASK | value & LOW_MASK;
    }

    static long withHigh(long address, long value) {
        return address & LOW_MASK | value << 32;
    }
}
