package io.vmm4j.devices.virtio;

/** Feature bit numbers that belong to queues and transports, virtio 1.2 section 6. Device types number theirs from 0 and from 50. */
public final class VirtioFeatures {

    /** Descriptors with VIRTQ_DESC_F_INDIRECT, section 2.7.5.3. */
    public static final int VIRTIO_F_INDIRECT_DESC = 28;
    /** used_event and avail_event, sections 2.7.7 and 2.7.10. */
    public static final int VIRTIO_F_EVENT_IDX = 29;
    /** Compliance with version 1 of the specification; a driver that does not accept it is refused. */
    public static final int VIRTIO_F_VERSION_1 = 32;
    /** Packed virtqueues, section 2.8. */
    public static final int VIRTIO_F_RING_PACKED = 34;

    private VirtioFeatures() {
    }

    /** The mask of feature {@code bit} (0 to 63). */
    public static long mask(int bit) {
        return 1L << bit;
    }
}
