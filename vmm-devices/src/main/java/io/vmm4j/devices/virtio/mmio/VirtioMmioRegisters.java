package io.vmm4j.devices.virtio.mmio;

/** Registers of virtio over MMIO, virtio 1.2 section 4.2.2. All are 32 bits wide but the configuration space. */
public final class VirtioMmioRegisters {

    /** Bytes in the window of one device. */
    public static final int WINDOW_LENGTH = 0x1000;

    /** RO. Magic value, {@link #MAGIC}. */
    public static final int MAGIC_VALUE = 0x000;
    /** RO. Device version number, {@link #VERSION_2}. */
    public static final int VERSION = 0x004;
    /** RO. Virtio subsystem device ID, section 5. */
    public static final int DEVICE_ID = 0x008;
    /** RO. Virtio subsystem vendor ID, {@link #VENDOR}. */
    public static final int VENDOR_ID = 0x00c;
    /** RO. Features offered, the word that DeviceFeaturesSel selects. */
    public static final int DEVICE_FEATURES = 0x010;
    /** WO. Selects a word of DeviceFeatures. */
    public static final int DEVICE_FEATURES_SEL = 0x014;
    /** WO. Features accepted, the word that DriverFeaturesSel selects. */
    public static final int DRIVER_FEATURES = 0x020;
    /** WO. Selects a word of DriverFeatures. */
    public static final int DRIVER_FEATURES_SEL = 0x024;
    /** WO. Selects the queue that the Queue registers speak of. */
    public static final int QUEUE_SEL = 0x030;
    /** RO. Largest size of the queue; 0 = no such queue. Also known as QueueSizeMax. */
    public static final int QUEUE_NUM_MAX = 0x034;
    /** WO. Size of the queue in elements. Also known as QueueSize. */
    public static final int QUEUE_NUM = 0x038;
    /** RW. 1 = the queue is in use. */
    public static final int QUEUE_READY = 0x044;
    /** WO. Available buffer notification; the value is the queue's index. */
    public static final int QUEUE_NOTIFY = 0x050;
    /** RO. Causes of the interrupt, {@link #INT_VRING} and {@link #INT_CONFIG}. */
    public static final int INTERRUPT_STATUS = 0x060;
    /** WO. Clears the causes written. */
    public static final int INTERRUPT_ACK = 0x064;
    /** RW. Section 2.1 device status; writing 0 resets the device. */
    public static final int STATUS = 0x070;
    /** WO. Descriptor area, low half. */
    public static final int QUEUE_DESC_LOW = 0x080;
    /** WO. Descriptor area, high half. */
    public static final int QUEUE_DESC_HIGH = 0x084;
    /** WO. Driver area, low half. */
    public static final int QUEUE_DRIVER_LOW = 0x090;
    /** WO. Driver area, high half. */
    public static final int QUEUE_DRIVER_HIGH = 0x094;
    /** WO. Device area, low half. */
    public static final int QUEUE_DEVICE_LOW = 0x0a0;
    /** WO. Device area, high half. */
    public static final int QUEUE_DEVICE_HIGH = 0x0a4;
    /** WO. Selects a shared memory region. */
    public static final int SHM_SEL = 0x0ac;
    /** RO. Length of the region, low half; all ones = no such region. */
    public static final int SHM_LEN_LOW = 0x0b0;
    /** RO. Length of the region, high half. */
    public static final int SHM_LEN_HIGH = 0x0b4;
    /** RO. Address of the region, low half; all ones = no such region. */
    public static final int SHM_BASE_LOW = 0x0b8;
    /** RO. Address of the region, high half. */
    public static final int SHM_BASE_HIGH = 0x0bc;
    /** RW. Queue reset; reads 0, VIRTIO_F_RING_RESET is not offered. */
    public static final int QUEUE_RESET = 0x0c0;
    /** RO. Changes whenever the configuration space does. */
    public static final int CONFIG_GENERATION = 0x0fc;
    /** RW. First byte of the configuration space, which may be accessed 1, 2, 4 or 8 bytes wide. */
    public static final int CONFIG = 0x100;

    /** "virt". */
    public static final int MAGIC = 0x74726976;
    /** The version that is not legacy. */
    public static final int VERSION_2 = 2;
    /** "VM4J". */
    public static final int VENDOR = 0x4a344d56;

    /** InterruptStatus: used buffer notification. */
    public static final int INT_VRING = 1;
    /** InterruptStatus: configuration change notification. */
    public static final int INT_CONFIG = 2;

    private VirtioMmioRegisters() {
    }
}
