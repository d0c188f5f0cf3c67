package io.vmm4j.devices.virtio;

/** Device types, virtio 1.2 section 5, table of device IDs. */
public enum VirtioDeviceType {
    /** 5.1 Network device. */
    NET(1),
    /** 5.2 Block device. */
    BLOCK(2),
    /** 5.3 Console device. */
    CONSOLE(3),
    /** 5.4 Entropy device. */
    ENTROPY(4),
    /** 5.5 Traditional memory balloon device. */
    BALLOON(5),
    /** 5.10 Socket device. */
    VSOCK(19);

    private final int id;

    VirtioDeviceType(int id) {
        this.id = id;
    }

    /** The Device ID of section 5. */
    public int id() {
        return id;
    }
}
