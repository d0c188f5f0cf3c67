package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.virtio.queue.QueueAddresses;

/**
 * The driver's side of a virtqueue: lays the queue out in guest RAM, makes buffers available and takes them back when the
 * device has used them, as a guest's kernel does. With it, a device is tested without a guest.
 *
 * <pre>{@code
 * DriverQueue queue = DriverQueue.split(memory, 0x10000, 8, features);
 * new MmioDriver(transport).start(features, queue);
 * int id = queue.add(Buffer.readable(0x20000, 16), Buffer.writable(0x21000, 513));
 * ... notify, run the loop ...
 * assertEquals(new DriverQueue.Used(id, 513), queue.takeUsed());
 * }</pre>
 *
 * <p>For one thread. Addresses outside of RAM in calls to the queue itself are a mistake of the test and throw
 * {@link IllegalArgumentException}; addresses in buffers are not looked at.
 */
public interface DriverQueue {

    /**
     * One buffer of a chain.
     *
     * @param gpa      guest-physical address
     * @param length   bytes, below 2^32
     * @param writable true = the device writes it
     */
    record Buffer(long gpa, long length, boolean writable) {

        /** A buffer the device reads. */
        public static Buffer readable(long gpa, long length) {
            return new Buffer(gpa, length, false);
        }

        /** A buffer the device writes. */
        public static Buffer writable(long gpa, long length) {
            return new Buffer(gpa, length, true);
        }
    }

    /**
     * One buffer given back.
     *
     * @param id     what {@link #add} returned
     * @param length bytes the device says it has written
     */
    record Used(int id, long length) {
    }

    /**
     * Lays a split queue out at {@code base}, zeroed.
     *
     * @param memory         guest RAM
     * @param base           guest-physical address, a multiple of 16, with {@link SplitDriverQueue#length} bytes of RAM
     * @param size           elements, a power of two
     * @param driverFeatures features accepted; INDIRECT_DESC and EVENT_IDX matter here
     */
    static SplitDriverQueue split(GuestMemory memory, long base, int size, long driverFeatures) {
        return new SplitDriverQueue(memory, base, size, driverFeatures);
    }

    /** Lays a packed queue out at {@code base}, zeroed; parameters as for {@link #split}, any size from 1 up. */
    static PackedDriverQueue packed(GuestMemory memory, long base, int size, long driverFeatures) {
        return new PackedDriverQueue(memory, base, size, driverFeatures);
    }

    /** Lays a queue out in the format that {@code driverFeatures} say: packed with RING_PACKED, else split. */
    static DriverQueue of(GuestMemory memory, long base, int size, long driverFeatures) {
        boolean isPacked = (driverFeatures & 1L << 34) != 0;
        return isPacked ? packed(memory, base, size, driverFeatures) : split(memory, base, size, driverFeatures);
    }

    /** Where the queue is, for the transport. */
    QueueAddresses addresses();

    /** Makes a chain of {@code buffers} available; returns the id it comes back with. */
    int add(Buffer... buffers);

    /** Makes a chain of {@code buffers} available through an indirect table, which is written at {@code tableGpa}. */
    int addIndirect(long tableGpa, Buffer... buffers);

    /** Takes the next buffer the device has used, or {@code null}. */
    Used takeUsed();

    /** Whether the device wants to be notified of what was added since the last call. */
    boolean needsKick();

    /** Asks for an interrupt at the next used buffer, or for none. */
    void enableInterrupts(boolean enabled);
}
