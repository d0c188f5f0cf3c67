package io.vmm4j.devices.virtio.balloon;

/**
 * What a balloon has done since it was made.
 *
 * @param inflations     requests by which the guest gave pages up
 * @param deflations     requests by which it took pages back
 * @param statistics     times that it told how it stands with its memory
 * @param reports        requests by which it reported free pages
 * @param discardedBytes bytes that went back to the host
 * @param refusedRanges  ranges that the host did not take back
 */
public record BalloonActivity(long inflations, long deflations, long statistics, long reports, long discardedBytes,
        long refusedRanges) {
}
