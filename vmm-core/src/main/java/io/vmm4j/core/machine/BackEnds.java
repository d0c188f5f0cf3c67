package io.vmm4j.core.machine;

import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.vhostuser.BackEndPort;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Connects to the vhost-user back ends that a configuration names. */
final class BackEnds {

    /** Connects to one. */
    @FunctionalInterface
    private interface Opening {
        BackEndPort open() throws IOException;
    }

    private BackEnds() {
    }

    /** What a device is called in messages and here. */
    static String name(DriveConfig drive) {
        return "drive " + drive.driveId();
    }

    static String name(NetworkInterfaceConfig network) {
        return "network interface " + network.ifaceId();
    }

    static String name(ShareConfig share) {
        return "share " + share.tag();
    }

    /** A map by device for those that were given by drive id. */
    static Map<String, BackEndPort> named(Map<String, BackEndPort> byDrive) {
        Map<String, BackEndPort> named = new LinkedHashMap<>();
        byDrive.forEach((id, port) -> named.put("drive " + id, port));
        return named;
    }

    /**
     * Connects to those that are not connected.
     *
     * @param backEnds by device, added to
     * @param owner    closes what is added
     * @throws IOException when the host has too few descriptors left
     */
    static void connect(VmConfig config, Map<String, BackEndPort> backEnds, Consumer<BackEndPort> owner, Problems problems) throws IOException {
        List<DriveConfig> drives = config.drives();
        for (int i = 0; i < drives.size(); i++) {
            DriveConfig drive = drives.get(i);
            if (drive.socket() != null) {
                add(name(drive), () -> BackEndPort.open(drive), "drives[" + i + "].socket", drive.socket(), backEnds, owner, problems);
            }
        }
        List<NetworkInterfaceConfig> networks = config.networkInterfaces();
        for (int i = 0; i < networks.size(); i++) {
            NetworkInterfaceConfig network = networks.get(i);
            if (network.vhostUser() != null) {
                add(name(network), () -> BackEndPort.open(network), "network-interfaces[" + i + "].vhost_user", network.vhostUser(), backEnds, owner,
                        problems);
            }
        }
        List<ShareConfig> shares = config.shares();
        for (int i = 0; i < shares.size(); i++) {
            ShareConfig share = shares.get(i);
            if (share.socket() != null) {
                add(name(share), () -> BackEndPort.open(share), "shares[" + i + "].socket", share.socket(), backEnds, owner, problems);
            }
        }
    }

    private static void add(String name, Opening opening, String key, String path, Map<String, BackEndPort> backEnds, Consumer<BackEndPort> owner,
            Problems problems) throws IOException {
        if (backEnds.containsKey(name)) {
            return;
        }
        BackEndPort port = open(opening, key, path, problems);
        if (port != null) {
            backEnds.put(name, port);
            owner.accept(port);
        }
    }

    /** A drive's back end; {@code null} after a problem was noted. */
    static BackEndPort open(DriveConfig drive, String key, Problems problems) throws IOException {
        return open(() -> BackEndPort.open(drive), key + ".socket", drive.socket(), problems);
    }

    /** A network interface's back end; {@code null} after a problem was noted. */
    static BackEndPort open(NetworkInterfaceConfig network, String key, Problems problems) throws IOException {
        return open(() -> BackEndPort.open(network), key + ".vhost_user", network.vhostUser(), problems);
    }

    private static BackEndPort open(Opening opening, String key, String path, Problems problems) throws IOException {
        try {
            return opening.open();
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            problems.add(key, "vhost-user socket \"" + path + "\" cannot be connected to: " + e.getMessage());
        } catch (IOException e) {
            Shortage.rethrow(e);
            problems.add(key, "the vhost-user back end at \"" + path + "\" " + e.getMessage());
        }
        return null;
    }
}
