package io.vmm4j.devices.virtio.net;

/**
 * What a network device has done since it was made. Bytes are those of frames, without the 12-byte header.
 *
 * @param rxFrames     frames the guest received
 * @param rxBytes      bytes in them
 * @param rxDropped    frames for the guest that were dropped: oversize, runt, above the MTU, with an offload it did not
 *                     accept, or larger than its buffers
 * @param rxNoBuffer   times that a frame had to wait for the guest's buffers
 * @param rxThrottled  times that a frame had to wait for the rate limit
 * @param txFrames     frames the guest sent
 * @param txBytes      bytes in them
 * @param txMalformed  frames dropped for a header or a length that cannot be
 * @param txOversize   frames dropped for being larger than 65550 bytes
 * @param txFailed     frames that the backend could not send
 * @param txThrottled  times that a frame had to wait for the rate limit
 * @param linkDropped  frames of both directions dropped while the link was down
 */
public record NetStatistics(long rxFrames, long rxBytes, long rxDropped, long rxNoBuffer, long rxThrottled, long txFrames,
        long txBytes, long txMalformed, long txOversize, long txFailed, long txThrottled, long linkDropped) {
}
