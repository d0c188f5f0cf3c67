package io.vmm4j.devices.virtio.blk;

/** What a guest may believe about written data. */
public enum CacheType {
    /** FLUSH is offered and reaches the disk; without FLUSH every write does. */
    WRITEBACK,
    /** FLUSH is not offered: written data may be lost when the host stops, whatever the guest does. */
    UNSAFE
}
