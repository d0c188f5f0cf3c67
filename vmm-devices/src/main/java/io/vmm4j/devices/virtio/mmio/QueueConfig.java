package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.virtio.queue.QueueAddresses;
import io.vmm4j.devices.virtio.queue.StoppableQueue;

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

    QueueConfig(int sizeMax) {
        this.sizeMax = sizeMax;
    }

    QueueAddresses addresses() {
        return new QueueAddresses(size, desc, driver, device);
    }

    void reset() {
        size = 0;
        desc = 0;
        driver = 0;
        device = 0;
        ready = false;
        if (live != null) {
            live.stop(); // what a device gives back behind its reset must not reach the guest
            live = null;
        }
    }

    static long withLow(long address, long value) {
        return address & ~LOW_MASK | value & LOW_MASK;
    }

    static long withHigh(long address, long value) {
        return address & LOW_MASK | value << 32;
    }
}
