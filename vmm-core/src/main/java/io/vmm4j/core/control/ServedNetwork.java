package io.vmm4j.core.control;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.vhostuser.VhostUserDevice;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetStatistics;

/** A network interface whose frames a vhost-user back end moves. */
final class ServedNetwork implements NetworkWork {

    private static final NetStatistics NOTHING = new NetStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private final String id;
    private final VhostUserDevice device;

    ServedNetwork(String id, VhostUserDevice device) {
        this.id = id;
        this.device = device;
    }

    @Override
    public void requireLimits() {
        throw new IllegalArgumentException("network interface " + id + " is served by a vhost-user back end, which moves its frames without limits of ours");
    }

    @Override
    public void updateRxLimits(RateLimiterConfig limits) {
        requireLimits();
    }

    @Override
    public void updateTxLimits(RateLimiterConfig limits) {
        requireLimits();
    }

    @Override
    public void setLinkUp(boolean up) {
        device.setPlugged(up);
    }

    @Override
    public boolean isLinkUp() {
        return device.isLinkUp();
    }

    @Override
    public void requestAnnounce() {
        throw new IllegalStateException("the guest's driver of network interface " + id
                + " cannot be asked to announce itself: a vhost-user back end serves it, and VIRTIO_NET_F_GUEST_ANNOUNCE is not offered");
    }

    @Override
    public MacAddress mac() {
        return device.mac();
    }

    @Override
    public NetStatistics statistics() {
        return NOTHING;
    }
}
