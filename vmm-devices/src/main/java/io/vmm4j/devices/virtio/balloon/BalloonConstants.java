package io.vmm4j.devices.virtio.balloon;

/** Numbers of the traditional memory balloon, virtio 1.2 section 5.5. */
final class BalloonConstants {

    /** Feature: a virtqueue for statistics. */
    static final int VIRTIO_BALLOON_F_STATS_VQ = 1;
    /** Feature: the guest may take pages back when it runs out of memory. */
    static final int VIRTIO_BALLOON_F_DEFLATE_ON_OOM = 2;
    /** Feature: a virtqueue for hints at free pages, and free_page_hint_cmd_id. */
    static final int VIRTIO_BALLOON_F_FREE_PAGE_HINT = 3;
    /** Feature: a virtqueue for reports of free pages. */
    static final int VIRTIO_BALLOON_F_PAGE_REPORTING = 5;

    /** RO le32: pages the host wants in the balloon. */
    static final int CONFIG_NUM_PAGES = 0;
    /** RW le32: pages that are in the balloon. */
    static final int CONFIG_ACTUAL = 4;
    /** RO le32: the command that hints answer to. */
    static final int CONFIG_FREE_PAGE_HINT_CMD_ID = 8;
    /** Bytes in the configuration space; the last field, poison_val, stays 0. */
    static final int CONFIG_LENGTH = 16;

    /** Virtqueue: inflateq. */
    static final int QUEUE_INFLATE = 0;
    /** Virtqueue: deflateq. */
    static final int QUEUE_DEFLATE = 1;
    /** Virtqueue: the first of those that exist only with their feature. */
    static final int QUEUE_OPTIONAL = 2;
    /** Number of virtqueues: inflateq, deflateq, statsq, free_page_vq, reporting_vq. */
    static final int QUEUE_COUNT = 5;
    /** Largest size of each queue. */
    static final int QUEUE_SIZE = 256;

    /** Bits of a byte offset in a balloon page, whatever the guest's page size is. */
    static final int PFN_SHIFT = 12;
    /** Bytes in a balloon page. */
    static final int PAGE_SIZE = 1 << PFN_SHIFT;
    /** Most page numbers looked at in a request; Linux sends 256. */
    static final int MAX_PFNS = 4096;

    /** Bytes in an element of the statistics buffer: le16 tag, le64 value. */
    static final int STAT_SIZE = 10;
    /** Most elements looked at in a statistics buffer. */
    static final int MAX_STATS = 64;

    /** free_page_hint_cmd_id: stop hinting, keep what was hinted. */
    static final int VIRTIO_BALLOON_CMD_ID_STOP = 0;
    /** free_page_hint_cmd_id: stop hinting, use what was hinted. */
    static final int VIRTIO_BALLOON_CMD_ID_DONE = 1;
    /** First value of free_page_hint_cmd_id that is a command. */
    static final int FIRST_CMD_ID = 2;

    /** Chains served in one turn of the event loop; each may cost the host thousands of page operations. */
    static final int BATCH = 4;

    /** Bytes of one chain given back in one turn, free pages that is: a guest can name gigabytes at once. */
    static final int MAX_TURN = 64 << 20;

    private BalloonConstants() {
    }
}
