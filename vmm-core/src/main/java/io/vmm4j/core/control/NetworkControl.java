package io.vmm4j.core.control;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.vhostuser.VhostUserDevice;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetStatistics;
import io.vmm4j.devices.virtio.net.VirtioNet;
import java.util.concurrent.CompletableFuture;

/** A network interface of a running machine. Thread-safe. */
public final class NetworkControl {

    private final String id;
    private final DeviceLoop loop;
    private final NetworkWork work;

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
        this(id, loop, new OwnNetwork(id, device));
    }

    private NetworkControl(String id, DeviceLoop loop, NetworkWork work) {
        this.id = id;
        this.loop = loop;
        this.work = work;
    }

    /**
     * Of an interface that a vhost-user back end serves.
     *
     * @param loop the device's own
     */
    @SuppressWarnings("exports") // made by machines only
    public static NetworkControl served(String id, DeviceLoop loop, VhostUserDevice device) {
        return new NetworkControl(id, loop, new ServedNetwork(id, device));
    }

    /** The interface's id in the configuration. */
    public String id() {
        return id;
    }

    /**
     * Changes the limits on frames for the guest, as {@link DriveControl#updateRateLimiter} does.
     *
     * @throws IllegalArgumentException when the limits cannot be, or a vhost-user back end serves the interface
     */
    public CompletableFuture<Void> updateRxRateLimiter(RateLimiterConfig limits) {
        DeviceLoop.checked(limits, "rx_rate_limiter");
        work.requireLimits();
        return loop.run(() -> work.updateRxLimits(limits));
    }

    /**
     * Changes the limits on frames from the guest, as {@link DriveControl#updateRateLimiter} does.
     *
     * @throws IllegalArgumentException when the limits cannot be, or a vhost-user back end serves the interface
     */
    public CompletableFuture<Void> updateTxRateLimiter(RateLimiterConfig limits) {
        DeviceLoop.checked(limits, "tx_rate_limiter");
        work.requireLimits();
        return loop.run(() -> work.updateTxLimits(limits));
    }

    /** Plugs the guest's cable in or out; while it is out, frames of both directions are dropped. */
    public CompletableFuture<Void> setLinkUp(boolean up) {
        return loop.run(() -> work.setLinkUp(up));
    }

    /** Whether the guest's cable is plugged in. */
    public boolean isLinkUp() {
        return work.isLinkUp();
    }

    /**
     * Asks the guest to tell the network where it is, with a gratuitous ARP.
     *
     * @return fails with an {@link IllegalStateException} when there is no driver, or one that cannot be asked
     */
    public CompletableFuture<Void> requestAnnounce() {
        return loop.run(work::requestAnnounce);
    }

    /** The guest's hardware address: the configured one or what the guest has set; zeroes when there is neither. */
    public MacAddress mac() {
        return work.mac();
    }

    /** What went in and out so far, and what did not; where a vhost-user back end moves the frames nothing is counted here. */
    public NetStatistics statistics() {
        return work.statistics();
    }
}
