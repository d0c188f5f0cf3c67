package io.vmm4j.core.metrics;

import io.vmm4j.devices.virtio.balloon.BalloonActivity;

/**
 * The memory balloon.
 *
 * @param targetPages pages of 4 KiB that the guest shall give up
 * @param actualPages pages that it says it has given up
 * @param activity    what has been done so far
 */
public record BalloonMetrics(long targetPages, long actualPages, BalloonActivity activity) {
}
