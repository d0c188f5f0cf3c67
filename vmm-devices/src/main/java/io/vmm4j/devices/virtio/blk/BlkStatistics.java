package io.vmm4j.devices.virtio.blk;

/**
 * What a block device has done since it was made.
 *
 * @param reads         VIRTIO_BLK_T_IN requests that were carried out
 * @param readBytes     bytes in them
 * @param readLatency   how long they took
 * @param writes        VIRTIO_BLK_T_OUT requests that were carried out
 * @param writtenBytes  bytes in them
 * @param writeLatency  how long they took
 * @param flushes       VIRTIO_BLK_T_FLUSH requests that were carried out
 * @param discards      VIRTIO_BLK_T_DISCARD and VIRTIO_BLK_T_WRITE_ZEROES requests that were carried out
 * @param hostFails     requests that ended in VIRTIO_BLK_S_IOERR because the host failed
 * @param refused       requests that ended in VIRTIO_BLK_S_IOERR or VIRTIO_BLK_S_UNSUPP for what the driver asked
 * @param throttled     times that a request had to wait for the rate limit
 * @param notifications times that the driver asked for a queue to be looked at
 * @param imageChanges  times that another image was put behind the device, or the same looked at again
 * @param changeFails   times that this was asked for and did not happen
 */
public record BlkStatistics(long reads, long readBytes, Latency readLatency, long writes, long writtenBytes, Latency writeLatency,
        long flushes, long discards, long hostFails, long refused, long throttled, long notifications, long imageChanges, long changeFails) {

    /**
     * From a request's being taken up to its answer, in microseconds, over all since the device was made.
     *
     * @param minMicros shortest, 0 when there was none
     * @param maxMicros longest
     * @param sumMicros all together
     */
    public record Latency(long minMicros, long maxMicros, long sumMicros) {
    }
}
