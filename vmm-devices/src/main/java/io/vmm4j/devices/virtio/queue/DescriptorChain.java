package io.vmm4j.devices.virtio.queue;

import java.nio.ByteBuffer;

/**
 * One request of the driver: a validated snapshot of a descriptor chain (virtio 1.2, section 2.7.5): first the
 * device-readable buffers, then the device-writable ones. The descriptors were read once; the guest cannot change them
 * any more, only the bytes they point to.
 */
public interface DescriptorChain {

    /** Index of the head descriptor (split ring) or the buffer id (packed ring). */
    int id();

    /** Bytes in the device-readable buffers, 0 to 2^32 - 1. */
    long readableLength();

    /** Bytes in the device-writable buffers, 0 to 2^32 - 1. */
    long writableLength();

    /** Number of contiguous host views of the device-readable part. */
    int readableCount();

    /**
     * View {@code index} of the device-readable part, in order; position to limit is the data, so read it relative to
     * the position. Little-endian. The view belongs to the chain's borrower, who may move its position.
     */
    ByteBuffer readable(int index);

    /** Number of contiguous host views of the device-writable part. */
    int writableCount();

    /** View {@code index} of the device-writable part, in order; as {@link #readable}, position to limit is the space. */
    ByteBuffer writable(int index);
}
