package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.NetPort;
import io.vmm4j.core.vhostuser.BackEndPort;
import io.vmm4j.core.vhostuser.SharedRam;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A device for a running machine, checked, with what it is to be on opened.
 *
 * @param name    for messages: {@code drive data}
 * @param id      in the configuration
 * @param opened  what it is on; closed when the device is not added
 * @param maker   makes it
 * @param unmaker forgets its counts
 * @param with    the machine's configuration with it
 * @param without the configuration of a machine without it
 */
record Addition(String name, String id, AutoCloseable opened, HotDevice.Maker maker, Runnable unmaker, VmConfig with, UnaryOperator<VmConfig> without) {

    private static final String DRIVES = "drives";
    private static final String NETWORKS = "network-interfaces";

    /**
     * A drive.
     *
     * @param config of the machine as it is
     * @throws ConfigException when it cannot be one of that machine's, or its image not a drive's; keys begin with {@code drives.ID}
     * @throws IOException     when the host has too few descriptors left, or too little memory, to look
     */
    static Addition drive(DriveConfig drive, VmConfig config, DeviceSurroundings surroundings) throws ConfigException, IOException {
        return drive(drive, config, surroundings, DiskImage::open);
    }

    /** Opens a drive's image, as {@link DiskImage#open(DriveConfig, String, Problems)} does. */
    @FunctionalInterface
    interface ImageOpening {
        DiskImage open(DriveConfig drive, String key, Problems problems) throws IOException;
    }

    /** As the other, on an image that is opened otherwise. */
    static Addition drive(DriveConfig drive, VmConfig config, DeviceSurroundings surroundings, ImageOpening opening)
            throws ConfigException, IOException {
        String key = DRIVES + "." + drive.driveId();
        if (drive.isRootDevice()) {
            throw new ConfigException(key + ".is_root_device", "a running machine has its root device already, or none");
        }
        VmConfig with = config.withDrives(append(config.drives(), drive));
        check(with, DRIVES + "[" + config.drives().size() + "]", key);
        Problems problems = new Problems();
        UnaryOperator<VmConfig> without = machine -> machine.withDrives(
                machine.drives().stream().filter(other -> !other.driveId().equals(drive.driveId())).toList());
        if (drive.socket() != null) {
            SharedRam ram = shared(surroundings, key + ".socket");
            BackEndPort port = BackEnds.open(drive, key, problems);
            problems.throwIfAny();
            return served(BackEnds.name(drive), drive.driveId(), port, with, without, surroundings,
                    (devices, parts) -> devices.addDrive(drive, port, ram, parts));
        }
        DiskImage image = opening.open(drive, key, problems);
        problems.throwIfAny();
        HotDevice.Maker maker = (slots, parts) -> {
            VirtioDevices devices = new VirtioDevices(slots, surroundings.loop(), surroundings.hold(), surroundings.helpers(),
                    surroundings.metrics());
            devices.addDrive(image, parts, surroundings.listeners());
            image.keep();
            return devices.controls();
        };
        Runnable unmaker = () -> {
            surroundings.hold().remove(drive.driveId());
            surroundings.parts().removeDrive(drive.driveId());
            surroundings.metrics().withoutDrive(drive.driveId());
        };
        return new Addition("drive " + drive.driveId(), drive.driveId(), image, maker, unmaker, with, without);
    }

    /** Puts a device that a back end serves among those of the machine. */
    @FunctionalInterface
    private interface Serving {
        void add(VirtioDevices devices, VirtioDevices.Parts parts) throws IOException;
    }

    /** The memory that a back end needs, where the machine has been started with it. */
    private static SharedRam shared(DeviceSurroundings surroundings, String key) throws ConfigException {
        return surroundings.ram().shared().orElseThrow(() -> new ConfigException(key,
                "the machine's memory is not shared, as a vhost-user back end needs: start it with such a device, or with memory type hugeshmem"));
    }

    private static Addition served(String name, String id, BackEndPort port, VmConfig with, UnaryOperator<VmConfig> without,
            DeviceSurroundings surroundings, Serving serving) {
        HotDevice.Maker maker = (slots, parts) -> {
            VirtioDevices devices = new VirtioDevices(slots, surroundings.loop(), surroundings.hold(), surroundings.helpers(), surroundings.metrics());
            serving.add(devices, parts);
            return devices.controls();
        };
        Runnable unmaker = () -> {
            surroundings.hold().removeNamed(name);
            surroundings.ram().writtenElsewhere();
        };
        return new Addition(name, id, port, maker, unmaker, with, without);
    }

    /**
     * A network interface.
     *
     * @param config of the machine as it is
     * @throws ConfigException when it cannot be one of that machine's, or what it is on cannot be used; keys begin with
     *     {@code network-interfaces.ID}
     * @throws IOException     when the host has too few descriptors left, or too little memory, to look
     */
    static Addition network(NetworkInterfaceConfig network, VmConfig config, DeviceSurroundings surroundings)
            throws ConfigException, IOException {
        String key = NETWORKS + "." + network.ifaceId();
        VmConfig with = config.withNetworkInterfaces(append(config.networkInterfaces(), network));
        check(with, NETWORKS + "[" + config.networkInterfaces().size() + "]", key);
        Problems problems = new Problems();
        UnaryOperator<VmConfig> without = machine -> machine.withNetworkInterfaces(
                machine.networkInterfaces().stream().filter(other -> !other.ifaceId().equals(network.ifaceId())).toList());
        if (network.vhostUser() != null) {
            SharedRam ram = shared(surroundings, key + ".vhost_user");
            BackEndPort port = BackEnds.open(network, key, problems);
            problems.throwIfAny();
            return served(BackEnds.name(network), network.ifaceId(), port, with, without, surroundings,
                    (devices, parts) -> devices.addNetwork(network, port, ram, parts));
        }
        NetPort port = NetPorts.open(network, key, problems);
        problems.throwIfAny();
        HotDevice.Maker maker = (slots, parts) -> {
            EpollEventLoop loop = parts.newLoop("net-" + network.ifaceId());
            surroundings.hold().add(loop);
            VirtioDevices devices = new VirtioDevices(slots, loop, surroundings.hold(), surroundings.helpers(), surroundings.metrics());
            parts.own(port);
            devices.addNetwork(network, port, surroundings.listeners());
            return devices.controls();
        };
        Runnable unmaker = () -> surroundings.metrics().withoutNetwork(network.ifaceId());
        return new Addition("network interface " + network.ifaceId(), network.ifaceId(), port, maker, unmaker, with, without);
    }

    /** Where it is, in {@code slot}. */
    AddedPlace place(int slot) {
        return new AddedPlace(slot, opened instanceof DiskImage, id);
    }

    private static <T> List<T> append(List<T> list, T last) {
        return Stream.concat(list.stream(), Stream.of(last)).toList();
    }

    /** The machine with the device must be one that can be; the device is named by its id, as it has no place in a list. */
    private static void check(VmConfig machine, String place, String key) throws ConfigException {
        try {
            machine.check();
        } catch (ConfigException e) {
            throw new ConfigException(e.problems().stream().map(problem -> !problem.key().startsWith(place) ? problem
                    : new ConfigProblem(key + problem.key().substring(place.length()), problem.message())).toList());
        }
    }
}
