package io.vmm4j.devices.virtio;

import java.util.Objects;

/**
 * A type of device: virtio 1.2 section 5, table of device IDs. Devices of one's own take an ID that the table leaves free.
 *
 * @param id   the Device ID, 1 to 65535; 0 means no device
 * @param name for messages
 */
public record VirtioDeviceType(int id, String name) {

    /** 5.1 Network device. */
    public static final VirtioDeviceType NET = new VirtioDeviceType(1, "NET");
    /** 5.2 Block device. */
    public static final VirtioDeviceType BLOCK = new VirtioDeviceType(2, "BLOCK");
    /** 5.3 Console device. */
    public static final VirtioDeviceType CONSOLE = new VirtioDeviceType(3, "CONSOLE");
    /** 5.4 Entropy device. */
    public static final VirtioDeviceType ENTROPY = new VirtioDeviceType(4, "ENTROPY");
    /** 5.5 Traditional memory balloon device. */
    public static final VirtioDeviceType BALLOON = new VirtioDeviceType(5, "BALLOON");
    /** 5.10 Socket device. */
    public static final VirtioDeviceType VSOCK = new VirtioDeviceType(19, "VSOCK");

    /** 5.11 File System device. */
    public static final VirtioDeviceType FILE_SYSTEM = new VirtioDeviceType(26, "FS");

    private static final int MAX_ID = 0xFFFF;

    /** @throws IllegalArgumentException when the ID is out of range */
    public VirtioDeviceType {
        Objects.requireNonNull(name);
        if (id < 1 || id > MAX_ID) {
            throw new IllegalArgumentException("virtio device ID " + id + " is not within 1 to " + MAX_ID + " (" + name + ")");
        }
    }

    /** The name. */
    @Override
    public String toString() {
        return name;
    }
}
