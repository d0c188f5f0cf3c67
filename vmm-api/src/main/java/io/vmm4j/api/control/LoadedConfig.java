package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.BalloonBody;
import io.vmm4j.api.request.RateLimiterBody;
import io.vmm4j.api.request.TokenBucketBody;
import io.vmm4j.core.Vm;
import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MemoryBalloonConfig;
import io.vmm4j.core.config.MemoryType;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.config.TokenBucketConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.host.TapInterface;
import java.util.Map;

/**
 * The configuration of a machine that was loaded, in the API's terms.
 *
 * @param config the machine's
 * @param taps   by interface id
 */
record LoadedConfig(VmConfig config, Map<String, TapInterface> taps) {

    /** Refuses what the API has no word for: it would be opened, or made, where nobody has asked for it. */
    static void requireKnown(VmConfig config) throws ApiException {
        String what = null;
        if (config.console() != null) {
            what = "a virtio console";
        } else if (!config.shares().isEmpty()) {
            what = "shared folders";
        } else if (!config.machineConfig().memFilePath().isEmpty()) {
            what = "memory in " + config.machineConfig().memFilePath();
        }
        for (DriveConfig drive : config.drives()) {
            if (drive.socket() != null) {
                what = "drive " + drive.driveId() + " of a vhost-user back end";
            }
        }
        for (NetworkInterfaceConfig network : config.networkInterfaces()) {
            if (network.hostDevName() == null || network.queuePairs() != 1) {
                what = "network interface " + network.ifaceId() + " that is not on a tap of one queue";
            }
        }
        if (what != null) {
            throw new ApiException("Load snapshot error: Failed to restore from snapshot: Invalid snapshot state after restore: the machine has " + what
                    + ", which this API has no word for.");
        }
    }

    static boolean isOnHugePages(MachineConfig machine) {
        return machine.memoryType() == MemoryType.HUGETLBFS;
    }

    /**
     * Has {@code resources} be the machine's.
     *
     * @param isTracked whether what the guest writes is taken note of
     */
    void fill(Resources resources, Vm vm, boolean isTracked) {
        MachineConfig machine = config.machineConfig();
        boolean hasTemplate = machine.cpuTemplate() != null && machine.cpuTemplate() != MachineConfig.CpuTemplate.None;
        resources.machine = new MachineSettings(machine.vcpuCount(), machine.memSizeMib(), machine.smt(),
                hasTemplate ? machine.cpuTemplate().name() : null, isTracked, isOnHugePages(machine) ? "2M" : "None");
        String arguments = config.bootSource().bootArgs();
        for (DriveConfig drive : config.drives()) {
            resources.drives.put(Drive.loaded(drive, arguments, limits(drive.rateLimiter())));
        }
        Drive first = resources.drives.all().isEmpty() ? null : resources.drives.all().get(0);
        BootSourceConfig boot = config.bootSource();
        resources.bootSource = BootSource.loaded(boot.kernelImagePath(), boot.initrdPath(), arguments, MachineStarter.moreArguments(first));
        for (NetworkInterfaceConfig network : config.networkInterfaces()) {
            resources.networks.put(NetworkDevice.loaded(network, taps.get(network.ifaceId()), limits(network.rxRateLimiter()),
                    limits(network.txRateLimiter())));
        }
        resources.vsock = config.vsock() == null ? null : Vsock.loaded(config.vsock());
        resources.balloon = config.balloon() == null ? null : balloon(config.balloon(), vm.balloon().targetMib());
        resources.hasEntropy = config.entropy() != null;
        resources.entropyLimits = config.entropy() == null ? null : limits(config.entropy().rateLimiter());
    }

    private static BalloonBody balloon(MemoryBalloonConfig balloon, long targetMib) {
        return new BalloonBody(targetMib, balloon.deflateOnOom(), (long) balloon.statsPollingIntervalS(), balloon.freePageHinting(),
                balloon.freePageReporting());
    }

    private static RateLimiterBody limits(RateLimiterConfig limits) {
        return limits == null ? null : Limits.kept(new RateLimiterBody(bucket(limits.bandwidth()), bucket(limits.ops())));
    }

    private static TokenBucketBody bucket(TokenBucketConfig bucket) {
        return bucket == null ? null : new TokenBucketBody(bucket.size(), bucket.oneTimeBurst(), bucket.refillTime());
    }
}
