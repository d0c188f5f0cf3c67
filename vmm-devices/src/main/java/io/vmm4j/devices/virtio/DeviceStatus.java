package io.vmm4j.devices.virtio;

/** Bits of the device status field, virtio 1.2 section 2.1. */
public final class DeviceStatus {

    /** The guest has found the device. */
    public static final int ACKNOWLEDGE = 1;
    /** The guest knows how to drive it. */
    public static final int DRIVER = 2;
    /** The driver is ready; the device works from here on. */
    public static final int DRIVER_OK = 4;
    /** Feature negotiation is complete. */
    public static final int FEATURES_OK = 8;
    /** Set by the device: it met an error it cannot recover from without a reset. */
    public static final int DEVICE_NEEDS_RESET = 64;
    /** The guest has given up on the device. */
    public static final int FAILED = 128;

    private DeviceStatus() {
    }
}
