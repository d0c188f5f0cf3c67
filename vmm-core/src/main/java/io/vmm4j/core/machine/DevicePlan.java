package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.layout.VirtioMmioSlot;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** The places of a machine's virtio devices, counted from its configuration and what the embedder brings; refuses more than there are lines for. */
final class DevicePlan {

    private DevicePlan() {
    }

    /**
     * A slot for each device, in order.
     *
     * @throws ConfigException when there are not enough, or the embedder's bus devices cannot be where they are to be
     */
    static List<VirtioMmioSlot> of(VmConfig config, GivenParts given) throws ConfigException {
        int drives = config.drives().size();
        int networks = config.networkInterfaces().size();
        boolean hasConsole = given.console() != null || config.console() != null;
        int single = (int) Stream.of(config.vsock(), config.entropy(), config.balloon()).filter(Objects::nonNull).count();
        int others = config.shares().size() + given.devices().size() + single + (hasConsole ? 1 : 0);
        int devices = drives + networks + others;
        Set<Integer> interrupts = GivenPlaces.check(given.busDevices(), config.machineConfig().memoryBytes());
        int limit = VirtioPlan.limit(interrupts);
        if (devices > limit) {
            throw new ConfigException(drives >= networks ? "drives" : "network-interfaces", devices + " virtio devices (" + drives
                    + " drives, " + networks + " network interfaces, " + others + " others) are above the limit of " + limit);
        }
        Integer spares = config.machineConfig().spareDevices();
        if (spares != null && spares > limit - devices) {
            throw new ConfigException("machine-config.spare_devices", spares + " spare devices are more than the " + (limit - devices)
                    + " that " + devices + " virtio devices leave");
        }
        return VirtioPlan.slots(devices, interrupts);
    }
}
