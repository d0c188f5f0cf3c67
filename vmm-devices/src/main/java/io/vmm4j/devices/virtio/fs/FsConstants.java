package io.vmm4j.devices.virtio.fs;

/** Numbers of the file system device, virtio 1.2 section 5.11. */
public final class FsConstants {

    /** Bytes of the tag in the configuration space, section 5.11.4; NUL padded, not NUL terminated. */
    public static final int TAG_LENGTH = 36;
    /** Most request queues that a device here has. */
    public static final int MAX_REQUEST_QUEUES = 16;

    /** Section 5.11.4: u8 tag[36]. */
    static final int CONFIG_TAG = 0;
    /** le32 num_request_queues. */
    static final int CONFIG_NUM_REQUEST_QUEUES = 36;
    /** Without notify_buf_size, which is there with VIRTIO_FS_F_NOTIFICATION only. */
    static final int CONFIG_LENGTH = 40;

    /** Section 5.11.2: the queue of FORGET and INTERRUPT. */
    static final int HIPRIO_QUEUE = 0;

    private FsConstants() {
    }
}
