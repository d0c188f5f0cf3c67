package io.vmm4j.devices.virtio.queue;

/**
 * Offsets and bits of the split virtqueue, virtio 1.2 section 2.7.
 *
 * <pre>
 * struct virtq_desc  { le64 addr; le32 len; le16 flags; le16 next; }
 * struct virtq_avail { le16 flags; le16 idx; le16 ring[size]; le16 used_event; }
 * struct virtq_used  { le16 flags; le16 idx; struct { le32 id; le32 len; } ring[size]; le16 avail_event; }
 * </pre>
 */
final class SplitLayout {

    /** Bytes in a descriptor. */
    static final int DESC_SIZE = 16;
    /** Offset of addr in a descriptor. */
    static final int DESC_ADDR = 0;
    /** Offset of len in a descriptor. */
    static final int DESC_LEN = 8;
    /** Offset of flags in a descriptor. */
    static final int DESC_FLAGS = 12;
    /** Offset of next in a descriptor. */
    static final int DESC_NEXT = 14;

    /** The chain goes on at next. */
    static final int VIRTQ_DESC_F_NEXT = 1;
    /** The buffer is device-writable. */
    static final int VIRTQ_DESC_F_WRITE = 2;
    /** The buffer is a table of descriptors. */
    static final int VIRTQ_DESC_F_INDIRECT = 4;

    /** Offset of flags in both rings. */
    static final int RING_FLAGS = 0;
    /** Offset of idx in both rings. */
    static final int RING_IDX = 2;
    /** Offset of the first element in both rings. */
    static final int RING_ELEMENTS = 4;
    /** Bytes in an element of the available ring. */
    static final int AVAIL_ELEMENT_SIZE = 2;
    /** Bytes in an element of the used ring. */
    static final int USED_ELEMENT_SIZE = 8;
    /** Offset of len in an element of the used ring. */
    static final int USED_LEN = 4;

    /** Flag of the available ring: the driver wants no interrupts. */
    static final int VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
    /** Flag of the used ring: the device needs no notifications. */
    static final int VIRTQ_USED_F_NO_NOTIFY = 1;

    /** Alignment of the descriptor table, section 2.7. */
    static final int DESC_ALIGNMENT = 16;
    /** Alignment of the available ring. */
    static final int AVAIL_ALIGNMENT = 2;
    /** Alignment of the used ring. */
    static final int USED_ALIGNMENT = 4;

    private static final int EVENT_SIZE = 2;

    private SplitLayout() {
    }

    /** Bytes in the descriptor table of a queue of {@code size}. */
    static long descLength(int size) {
        return (long) DESC_SIZE * size;
    }

    /** Bytes in the available ring, with used_event when {@code eventIdx}. */
    static long availLength(int size, boolean eventIdx) {
        return usedEvent(size) + (eventIdx ? EVENT_SIZE : 0);
    }

    /** Bytes in the used ring, with avail_event when {@code eventIdx}. */
    static long usedLength(int size, boolean eventIdx) {
        return availEvent(size) + (eventIdx ? EVENT_SIZE : 0);
    }

    /** Offset of used_event in the available ring. */
    static long usedEvent(int size) {
        return RING_ELEMENTS + (long) AVAIL_ELEMENT_SIZE * size;
    }

    /** Offset of avail_event in the used ring. */
    static long availEvent(int size) {
        return RING_ELEMENTS + (long) USED_ELEMENT_SIZE * size;
    }
}
