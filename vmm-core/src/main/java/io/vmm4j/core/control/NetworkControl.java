package io.vmm4j.core.control;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetStatistics;
import io.vmm4j.devices.virtio.net.VirtioNet;
import java.util.concurrent.CompletableFuture;

/** A network interface of a running machine. Thread-safe. */
public final class NetworkControl {

    private final String id;
    private final DeviceLoop loop;
    private final VirtioNet device;

    /**
     * @param id     as in the configuration
     * @param loop   owns {@code device}
     * @param device the interface
     */
    public NetworkControl(String id, EventLoop loop, VirtioNet device) {
        this(id, new DeviceLoop(loop), device);
    }

    /** As the other constructor, with the loop's answers given by a machine's own threads. */
    public NetworkControl(String id, DeviceLoop loop, VirtioNet device) {
        this.id = id;
        this.loop = loop;
        this.device = device;
    }

    /** The interface's id in the configuration. */
    public String id() {
        return id;
    }

    /**
     * Changes the limits on frames for the guest, as {@link DriveControl#updateRateLimiter} does.
     *
     * @throws IllegalArgumentException when the limits cannot be
     */
    public CompletableFuture<Void> updateRxRateLimiter(RateLimiterConfig limits) {
        DeviceLoop.checked(limits, "rx_rate_limiter");
        return loop.run(() -> device.updateRxLimits(limits.bandwidthBucket(), limits.opsBucket()));
    }

    /**
     * Changes the limits on frames from the guest, as {@link DriveControl#updateRateLimiter} does.
     *
     * @throws IllegalArgumentException when the limits cannot be
     */
    public CompletableFuture<Void> updateTxRateLimiter(RateLimiterConfig limits) {
        DeviceLoop.checked(limits, "tx_rate_limiter");
        return loop.run(() -> device.updateTxLimits(limits.bandwidthBucket(), limits.opsBucket()));
    }

    /** Plugs the guest's cable in or out; while it is out, frames of both directions are dropped. */
    public CompletableFuture<Void> setLinkUp(boolean up) {
        return loop.run(() -> device.setLinkUp(up));
    }

    /** Whether the guest's cable is plugged in. */
    public boolean isLinkUp() {
        return device.isLinkUp();
    }

    /**
     * Asks the guest to tell the network where it is, with a gratuitous ARP.
     *
     * @return fails with an {@link IllegalStateException} when there is no driver, or one that cannot be asked
     */
    public CompletableFuture<Void> requestAnnounce() {
        return loop.run(() -> {
            if (!device.requestAnnounce()) {
                throw new IllegalStateException("the guest's driver of network interface " + id
                        + " cannot be asked to announce itself: there is none, or it has not taken the feature VIRTIO_NET_F_GUEST_ANNOUNCE");
            }
        });
    }

    /** The guest's hardware address: the configured one or what the guest has set; zeroes when there is neither. */
    public MacAddress mac() {
        return device.mac();
    }

    /** What went in and out so far, and what did not. */
    public NetStatistics statistics() {
        return device.statistics();
    }
}
