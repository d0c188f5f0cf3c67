package io.vmm4j.bench.devices;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.queue.QueueAddresses;

/**
 * The driver's side of a queue with one chain at a time, always the same, in either ring format; allocates nothing, so that
 * all that a benchmark sees allocated is the device's. Confined to one thread.
 */
final class BenchRing {

    /** Elements of the queue. */
    static final int SIZE = 256;
    /** Device-writable, in {@link #buffer}. */
    static final int WRITE = 2;

    private static final int NEXT = 1;
    private static final int INDIRECT = 4;
    private static final int AVAIL = 0x80;
    private static final int USED = 0x8000;
    private static final int DESC_SIZE = 16;
    private static final int TABLE_OFFSET = 0x4000;
    private static final int DRIVER_OFFSET = 0x1000;
    private static final int DEVICE_OFFSET = 0x2000;

    private final GuestMemory memory;
    private final long base;
    private final boolean packed;
    private final boolean indirect;
    private final long[] addresses = new long[8];
    private final int[] lengths = new int[8];
    private final int[] flags = new int[8];
    private int buffers;
    private int next;
    private boolean wrap = true;
    private int index;

    /** @param base where the queue's 32 KiB lie */
    BenchRing(GuestMemory memory, long base, long features) {
        this.memory = memory;
        this.base = base;
        this.packed = (features & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_RING_PACKED)) != 0;
        this.indirect = (features & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_INDIRECT_DESC)) != 0;
    }

    /** The ring features that {@code format} names: split or packed, -indirect, -event. */
    static long features(String format) {
        long features = VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_VERSION_1);
        if (format.startsWith("packed")) {
            features |= VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_RING_PACKED);
        }
        if (format.contains("indirect")) {
            features |= VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_INDIRECT_DESC);
        }
        if (format.contains("event")) {
            features |= VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_EVENT_IDX);
        }
        return features;
    }

    QueueAddresses addresses() {
        return new QueueAddresses(SIZE, base, base + DRIVER_OFFSET, base + DEVICE_OFFSET);
    }

    /** Appends a buffer to the chain. */
    BenchRing buffer(long gpa, int length, int flag) {
        addresses[buffers] = gpa;
        lengths[buffers] = length;
        flags[buffers] = flag;
        buffers++;
        return this;
    }

    /** Writes what does not change from one {@link #publish} to the next. */
    BenchRing layOut() throws GuestMemoryException {
        long table = indirect ? base + TABLE_OFFSET : base;
        for (int i = 0; i < buffers && (indirect || !packed); i++) {
            boolean chained = !packed && i < buffers - 1;
            descriptor(table + DESC_SIZE * i, i, packed ? 0 : flags[i] | (chained ? NEXT : 0), i + 1);
        }
        if (indirect && !packed) {
            tableDescriptor(base, INDIRECT, 0);
        }
        return this;
    }

    private void descriptor(long at, int i, int splitFlags, int splitNext) throws GuestMemoryException {
        memory.writeU64(at, addresses[i]);
        memory.writeU32(at + 8, lengths[i]);
        memory.writeU16(at + 12, splitFlags);
        memory.writeU16(at + 14, packed ? flags[i] : splitNext);
    }

    private void tableDescriptor(long at, int third, int fourth) throws GuestMemoryException {
        memory.writeU64(at, base + TABLE_OFFSET);
        memory.writeU32(at + 8, (long) DESC_SIZE * buffers);
        memory.writeU16(at + 12, third);
        memory.writeU16Release(at + 14, fourth);
    }

    /** Makes the chain available. */
    void publish() throws GuestMemoryException {
        if (packed) {
            publishPacked();
            return;
        }
        memory.writeU16(base + DRIVER_OFFSET + 4 + 2L * (index % SIZE), 0);
        index = index + 1 & 0xFFFF;
        memory.writeU16Release(base + DRIVER_OFFSET + 2, index);
    }

    /** The flags of the first descriptor, stored last, publish the chain. */
    private void publishPacked() throws GuestMemoryException {
        long head = base + (long) DESC_SIZE * next;
        int headOwnership = ownership();
        if (indirect) {
            tableDescriptor(head, 0, INDIRECT | headOwnership);
            advance();
            return;
        }
        for (int i = 0; i < buffers; i++) {
            long at = base + (long) DESC_SIZE * next;
            memory.writeU64(at, addresses[i]);
            memory.writeU32(at + 8, lengths[i]);
            memory.writeU16(at + 12, 0);
            if (i > 0) {
                memory.writeU16(at + 14, chainFlags(i) | ownership());
            }
            advance();
        }
        memory.writeU16Release(head + 14, chainFlags(0) | headOwnership);
    }

    private int chainFlags(int i) {
        return flags[i] | (i < buffers - 1 ? NEXT : 0);
    }

    private void advance() {
        next++;
        if (next == SIZE) {
            next = 0;
            wrap = !wrap;
        }
    }

    private int ownership() {
        return wrap ? AVAIL : USED;
    }
}
