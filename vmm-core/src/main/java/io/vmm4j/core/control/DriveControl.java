package io.vmm4j.core.control;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import java.util.concurrent.CompletableFuture;

/** A drive of a running machine. Thread-safe. */
public final class DriveControl {

    private final String id;
    private final DeviceLoop loop;
    private final VirtioBlk device;

    /**
     * @param id     as in the configuration
     * @param loop   owns {@code device}
     * @param device the drive
     */
    public DriveControl(String id, EventLoop loop, VirtioBlk device) {
        this.id = id;
        this.loop = new DeviceLoop(loop);
        this.device = device;
    }

    /** The drive's id in the configuration. */
    public String id() {
        return id;
    }

    /**
     * Changes the limits: an absent one stays as it is, a present one takes the old one's place and starts full, one of
     * size 0 lifts it. Requests that wait are looked at again.
     *
     * @throws IllegalArgumentException when the limits cannot be
     */
    public CompletableFuture<Void> updateRateLimiter(RateLimiterConfig limits) {
        DeviceLoop.checked(limits, "rate_limiter");
        return loop.run(() -> device.updateLimits(limits.bandwidthBucket(), limits.opsBucket()));
    }
}
