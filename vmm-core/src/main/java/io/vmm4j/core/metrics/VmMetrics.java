package io.vmm4j.core.metrics;

import io.vmm4j.devices.virtio.blk.BlkStatistics;
import io.vmm4j.devices.virtio.fs.FsStatistics;
import io.vmm4j.devices.virtio.net.NetStatistics;
import io.vmm4j.devices.virtio.rng.RngStatistics;
import io.vmm4j.devices.virtio.vsock.VsockStatistics;
import java.util.Map;
import java.util.Optional;

/**
 * One look at what a machine has done since it was built. Numbers only grow, but for those called levels; each is exact,
 * and they are read one after the other while the machine goes on.
 *
 * @param vcpus    exits of the vCPUs
 * @param serial   the first serial port
 * @param keyboard the keyboard controller
 * @param drives   by drive id
 * @param networks by interface id
 * @param vsock    sockets between guest and host, if the machine has them
 * @param entropy  the entropy device, if the machine has one
 * @param balloon  the balloon, if the machine has one
 * @param shares   shared folders, by tag
 */
public record VmMetrics(VcpuMetrics vcpus, SerialMetrics serial, KeyboardMetrics keyboard, Map<String, BlkStatistics> drives,
        Map<String, NetStatistics> networks, Optional<VsockStatistics> vsock, Optional<RngStatistics> entropy,
        Optional<BalloonMetrics> balloon, Map<String, FsStatistics> shares) {

    public VmMetrics {
        drives = Map.copyOf(drives);
        networks = Map.copyOf(networks);
        shares = Map.copyOf(shares);
    }

    /** Of a machine without shared folders. */
    public VmMetrics(VcpuMetrics vcpus, SerialMetrics serial, KeyboardMetrics keyboard, Map<String, BlkStatistics> drives,
            Map<String, NetStatistics> networks, Optional<VsockStatistics> vsock, Optional<RngStatistics> entropy,
            Optional<BalloonMetrics> balloon) {
        this(vcpus, serial, keyboard, drives, networks, vsock, entropy, balloon, Map.of());
    }
}
