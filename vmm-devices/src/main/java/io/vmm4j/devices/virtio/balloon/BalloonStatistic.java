package io.vmm4j.devices.virtio.balloon;

/** Tags of memory statistics, virtio 1.2 section 5.5.6.4, and those that Linux has added since. Sizes are bytes, the rest counts. */
public enum BalloonStatistic {
    /** Bytes swapped in. */
    SWAP_IN(0),
    /** Bytes swapped out to disk. */
    SWAP_OUT(1),
    /** Major page faults. */
    MAJOR_FAULTS(2),
    /** Minor page faults. */
    MINOR_FAULTS(3),
    /** Bytes that are used for nothing. */
    FREE_MEMORY(4),
    /** Bytes there are. */
    TOTAL_MEMORY(5),
    /** Bytes that new programs could have without swapping. */
    AVAILABLE_MEMORY(6),
    /** Bytes that can be had back without I/O. */
    DISK_CACHES(7),
    /** Huge pages allocated. */
    HUGETLB_ALLOCATIONS(8),
    /** Huge page allocations that failed. */
    HUGETLB_FAILURES(9),
    /** Processes killed for want of memory. */
    OOM_KILL(10),
    /** Allocations that had to wait. */
    ALLOC_STALL(11),
    /** Pages scanned in the background. */
    ASYNC_SCAN(12),
    /** Pages scanned by an allocation. */
    DIRECT_SCAN(13),
    /** Pages reclaimed in the background. */
    ASYNC_RECLAIM(14),
    /** Pages reclaimed by an allocation. */
    DIRECT_RECLAIM(15);

    private static final BalloonStatistic[] BY_TAG = values();

    private final int tag;

    BalloonStatistic(int tag) {
        this.tag = tag;
    }

    /** The tag on the wire. */
    public int tag() {
        return tag;
    }

    /** The statistic with {@code tag}, 0 to 65535; {@code null} when it is not known. */
    static BalloonStatistic of(int tag) {
        return tag < BY_TAG.length ? BY_TAG[tag] : null;
    }
}
