package io.vmm4j.core.control;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import java.util.concurrent.CompletableFuture;

/** The entropy device of a running machine. Thread-safe. */
public final class EntropyControl {

    private final DeviceLoop loop;
    private final VirtioRng device;

    /**
     * @param loop   owns {@code device}
     * @param device the entropy device
     */
    public EntropyControl(EventLoop loop, VirtioRng device) {
        this(new DeviceLoop(loop), device);
    }

    /** As the other constructor, with the loop's answers given by a machine's own threads. */
    public EntropyControl(DeviceLoop loop, VirtioRng device) {
        this.loop = loop;
        this.device = device;
    }

    /**
     * Changes the limits, as {@link DriveControl#updateRateLimiter} does.
     *
     * @throws IllegalArgumentException when the limits cannot be
     */
    public CompletableFuture<Void> updateRateLimiter(RateLimiterConfig limits) {
        DeviceLoop.checked(limits, "rate_limiter");
        return loop.run(() -> device.updateLimits(limits.bandwidthBucket(), limits.opsBucket()));
    }
}
