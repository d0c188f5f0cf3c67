package io.vmm4j.core.control;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetStatistics;

/** What {@link NetworkControl} has done on the device's loop, by who moves the frames; the methods without effect are for any thread. */
interface NetworkWork {

    /** @throws IllegalArgumentException when there can be no limits; any thread */
    void requireLimits();

    void updateRxLimits(RateLimiterConfig limits);

    void updateTxLimits(RateLimiterConfig limits);

    void setLinkUp(boolean up);

    boolean isLinkUp();

    /** @throws IllegalStateException when the guest cannot be asked */
    void requestAnnounce();

    MacAddress mac();

    NetStatistics statistics();
}
