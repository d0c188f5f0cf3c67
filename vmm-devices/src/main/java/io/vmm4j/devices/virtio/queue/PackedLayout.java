package io.vmm4j.devices.virtio.queue;

/**
 * Offsets and bits of the packed virtqueue, virtio 1.2 section 2.8.
 *
 * <pre>
 * struct pvirtq_desc           { le64 addr; le32 len; le16 id; le16 flags; }
 * struct pvirtq_event_suppress { le16 desc; le16 flags; }    desc: bits 0-14 offset in the ring, bit 15 wrap counter
 * </pre>
 */
final class PackedLayout {

    /** Bytes in a descriptor. */
    static final int DESC_SIZE = 16;
    /** Offset of addr in a descriptor. */
    static final int DESC_ADDR = 0;
    /** Offset of len in a descriptor. */
    static final int DESC_LEN = 8;
    /** Offset of id in a descriptor. */
    static final int DESC_ID = 12;
    /** Offset of flags in a descriptor. */
    static final int DESC_FLAGS = 14;

    /** The chain goes on with the next descriptor of the ring. */
    static final int VIRTQ_DESC_F_NEXT = 1;
    /** The buffer is device-writable; in a used descriptor, it was written. */
    static final int VIRTQ_DESC_F_WRITE = 2;
    /** The buffer is a table of descriptors. */
    static final int VIRTQ_DESC_F_INDIRECT = 4;
    /** Equals the driver's wrap counter when available. */
    static final int VIRTQ_DESC_F_AVAIL = 1 << 7;
    /** Equals the device's wrap counter when used, and not the driver's when available. */
    static final int VIRTQ_DESC_F_USED = 1 << 15;

    /** Offset of desc in an event suppression structure. */
    static final int EVENT_DESC = 0;
    /** Offset of flags in an event suppression structure. */
    static final int EVENT_FLAGS = 2;
    /** Bytes in an event suppression structure. */
    static final int EVENT_SIZE = 4;
    /** Events wanted. */
    static final int RING_EVENT_FLAGS_ENABLE = 0;
    /** Events not wanted. */
    static final int RING_EVENT_FLAGS_DISABLE = 1;
    /** Event wanted at the descriptor that desc names; only with EVENT_IDX. */
    static final int RING_EVENT_FLAGS_DESC = 2;
    /** The flags proper; the other bits are reserved. */
    static final int RING_EVENT_FLAGS_MASK = 3;
    /** The offset in desc. */
    static final int EVENT_OFFSET_MASK = 0x7FFF;
    /** The wrap counter in desc, as a shift. */
    static final int EVENT_WRAP_SHIFT = 15;

    /** Alignment of the descriptor ring. */
    static final int DESC_ALIGNMENT = 16;
    /** Alignment of the event suppression structures. */
    static final int EVENT_ALIGNMENT = 4;

    private PackedLayout() {
    }
}
