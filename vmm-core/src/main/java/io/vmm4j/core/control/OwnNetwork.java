package io.vmm4j.core.control;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetStatistics;
import io.vmm4j.devices.virtio.net.VirtioNet;

/** A network interface whose frames this process moves. */
final class OwnNetwork implements NetworkWork {

    private final String id;
    private final VirtioNet device;

    OwnNetwork(String id, VirtioNet device) {
        this.id = id;
        this.device = device;
    }

    @Override
    public void requireLimits() {
        // It has them.
    }

    @Override
    public void updateRxLimits(RateLimiterConfig limits) {
        device.updateRxLimits(limits.bandwidthBucket(), limits.opsBucket());
    }

    @Override
    public void updateTxLimits(RateLimiterConfig limits) {
        device.updateTxLimits(limits.bandwidthBucket(), limits.opsBucket());
    }

    @Override
    public void setLinkUp(boolean up) {
        device.setLinkUp(up);
    }

    @Override
    public boolean isLinkUp() {
        return device.isLinkUp();
    }

    @Override
    public void requestAnnounce() {
        if (!device.requestAnnounce()) {
            throw new IllegalStateException("the guest's driver of network interface " + id
                    + " cannot be asked to announce itself: there is none, or it has not taken the feature VIRTIO_NET_F_GUEST_ANNOUNCE");
        }
    }

    @Override
    public MacAddress mac() {
        return device.mac();
    }

    @Override
    public NetStatistics statistics() {
        return device.statistics();
    }
}
