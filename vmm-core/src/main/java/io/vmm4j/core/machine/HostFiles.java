package io.vmm4j.core.machine;

import io.vmm4j.core.boot.CommandLine;
import io.vmm4j.core.boot.Initrd;
import io.vmm4j.core.boot.KernelImage;
import io.vmm4j.core.boot.KernelImageException;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.host.FileConsole;
import io.vmm4j.core.host.NetPort;
import io.vmm4j.core.host.OpenedFiles;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.SocketFile;
import io.vmm4j.core.host.TapInterface;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.core.share.ShareServer;
import io.vmm4j.core.vhostuser.BackEndPort;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files a configuration names, opened, looked at and found good before any part of the machine exists, so that all
 * that is wrong with them is reported together and nothing has to be undone. Owns them, but for the images that drives
 * take over.
 */
final class HostFiles implements AutoCloseable {

    private static final String KERNEL_KEY = "boot-source.kernel_image_path";
    private static final String OUTPUT_KEY = "serial.serial_out_path";
    private static final String INITRD_KEY = "boot-source.initrd_path";

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final List<DiskImage> disks = new ArrayList<>();
    private final List<NetPort> ports = new ArrayList<>();
    private final List<ShareServer> shares = new ArrayList<>();
    private final Map<String, BackEndPort> backEnds;
    private final OpenedFiles opened;
    private KernelImage kernel;
    private Initrd initrd;
    private long initrdAddress;
    private CommandLine commandLine;

    private HostFiles(OpenedFiles opened) {
        this.opened = opened;
        this.backEnds = BackEnds.named(opened.backEnds());
        if (opened.vsock() != null) {
            own(opened.vsock());
        }
        backEnds.values().forEach(this::own);
    }

    /**
     * Checks {@code config}, opens its files, and looks whether its sockets can be made.
     *
     * @param given what does not come from {@code config}
     * @param slots the virtio devices' places, for the kernel's arguments
     * @throws ConfigException naming every problem found; nothing stays open then
     * @throws IOException     when the host has too few descriptors left, or too little memory, to find that out
     */
    static HostFiles open(VmConfig config, GivenParts given, List<VirtioMmioSlot> slots) throws ConfigException, IOException {
        return open(config, given, slots, true);
    }

    /**
     * As the other one, to look only.
     *
     * @param isConnected whether back ends are connected to, of which some end when that does, and what network interfaces stand on is
     *     opened, started or made; it is looked at else
     */
    static HostFiles open(VmConfig config, GivenParts given, List<VirtioMmioSlot> slots, boolean isConnected) throws ConfigException, IOException {
        HostFiles files = new HostFiles(given.opened());
        try {
            files.openAll(config, given, slots, isConnected);
            return files;
        } catch (ConfigException | IOException | RuntimeException | Error e) {
            files.close();
            throw e;
        }
    }

    /**
     * The files of a machine that goes on from where another stood still: all but those that machines boot from.
     *
     * @param config  of the machine without what was added to it since its start
     * @param restart what it goes on from
     * @throws ConfigException naming every problem found; nothing stays open then
     */
    static HostFiles openAgain(VmConfig config, GivenParts given, Restart restart) throws ConfigException, IOException {
        HostFiles files = new HostFiles(given.opened());
        try {
            Problems problems = new Problems();
            config.check(problems);
            config.vhostUserDevice().ifPresent(device -> problems.add("machine-config.mem_type", "memory that begins as a snapshot's cannot be shared with the "
                    + "vhost-user back end of " + device + ": such a device is for machines that boot"));
            for (int i = 0; i < config.shares().size(); i++) {
                problems.add("shares[" + i + "]", "a shared folder cannot be in a snapshot, as its device has no state to save");
            }
            files.openDisks(config.drives(), restart, problems);
            checkSockets(config, given, problems);
            files.openPorts(config.networkInterfaces(), true, problems);
            problems.throwIfAny();
            return files;
        } catch (ConfigException | IOException | RuntimeException | Error e) {
            files.close();
            throw e;
        }
    }

    private void openAll(VmConfig config, GivenParts given, List<VirtioMmioSlot> slots, boolean isConnected) throws ConfigException, IOException {
        Problems problems = new Problems();
        config.check(problems);
        if (config.hasTemplate()) {
            HostProcessor.check(config.machineConfig().cpuTemplate(), problems);
        }
        openKernel(config, problems);
        openInitrd(config, problems);
        openDisks(config.drives(), null, problems);
        openShares(config.shares(), problems);
        checkSockets(config, given, problems);
        if (isConnected && problems.isEmpty()) {
            BackEnds.connect(config, backEnds, this::own, problems);
        }
        boolean hasConsole = config.console() != null || given.console() != null;
        commandLine = KernelArguments.of(config.bootSource(), hasConsole, kernel, root(config.drives()), slots, problems);
        openPorts(config.networkInterfaces(), isConnected, problems);
        if (!problems.isEmpty()) {
            addLackOfMemory(config.machineConfig(), problems);
        }
        problems.throwIfAny();
    }

    private Optional<KernelArguments.Root> root(List<DriveConfig> drives) {
        if (drives.isEmpty() || !drives.get(0).isRootDevice()) {
            return Optional.empty();
        }
        DriveConfig root = drives.get(0);
        if (root.socket() != null) {
            return Optional.ofNullable(backEnds.get(BackEnds.name(root)))
                    .map(port -> new KernelArguments.Root(root.partuuid(), false, port.isReadOnlyDisk()));
        }
        return disks.stream().filter(disk -> disk.config().isRootDevice()).findFirst()
                .map(disk -> new KernelArguments.Root(root.partuuid(), disk.hasPartitionTable(), root.isReadOnly()));
    }

    /** What the machine's assembly, which is not reached now, would find. */
    private static void addLackOfMemory(MachineConfig machine, Problems problems) {
        if (!problems.isClean(HostMemory.SIZE_KEY)) {
            return;
        }
        try {
            HostMemory.check(machine);
        } catch (ConfigException e) {
            e.problems().forEach(problem -> problems.add(problem.key(), problem.message()));
        }
    }

    /** End of the RAM below the hole; as far as that goes at most where a wrong size is all that is known. */
    private static long lowRamBytes(VmConfig config, Problems problems) {
        return AddressMap.lowRamBytes(problems.isClean(HostMemory.SIZE_KEY) ? config.machineConfig().memoryBytes() : Long.MAX_VALUE);
    }

    private void openKernel(VmConfig config, Problems problems) throws IOException {
        String path = config.bootSource().kernelImagePath();
        if (!problems.isClean(KERNEL_KEY)) {
            return;
        }
        try {
            kernel = own(KernelImage.open(Path.of(path), OpenedFiles.at(opened.kernel(), Path.of(path)), lowRamBytes(config, problems)));
        } catch (KernelImageException e) {
            Shortage.rethrow(e);
            problems.add(KERNEL_KEY, e.getMessage());
        }
    }

    private void openInitrd(VmConfig config, Problems problems) throws IOException {
        String path = config.bootSource().initrdPath();
        if (path == null || !problems.isClean(INITRD_KEY)) {
            return;
        }
        try {
            initrd = own(Initrd.open(Path.of(path), OpenedFiles.at(opened.initrd(), Path.of(path))));
            if (kernel != null) {
                initrd.requireFitFor(kernel);
                initrdAddress = initrd.place(kernel, lowRamBytes(config, problems));
            }
        } catch (KernelImageException e) {
            Shortage.rethrow(e);
            problems.add(INITRD_KEY, e.getMessage());
        }
    }

    /** @param restart where a machine goes on from, or {@code null} */
    private void openDisks(List<DriveConfig> drives, Restart restart, Problems problems) throws IOException {
        for (int i = 0; i < drives.size(); i++) {
            String key = "drives[" + i + "]";
            boolean hasImage = drives.get(i).socket() == null && drives.get(i).pathOnHost() != null && problems.isClean(key + ".path_on_host");
            if (!hasImage || !problems.isClean(key + ".drive_id")) {
                continue;
            }
            Fd image = opened.drives().get(drives.get(i).driveId());
            DiskImage disk = restart != null ? restart.openDisk(drives.get(i), key, problems) : image == null ? DiskImage.open(drives.get(i), key, problems)
                    : DiskImage.openAgain(drives.get(i), OpenedFiles.at(image, null), disks, key, problems);
            if (disk != null) {
                disks.add(own(disk));
            }
        }
    }

    /**
     * Opens what interfaces stand on where there is no problem yet, and looks at it otherwise: nobody else should notice a machine that cannot be.
     *
     * @param isWanted whether any is to be opened
     */
    private void openPorts(List<NetworkInterfaceConfig> interfaces, boolean isWanted, Problems problems) throws IOException {
        for (int i = 0; i < interfaces.size(); i++) {
            String key = "network-interfaces[" + i + "]";
            NetworkInterfaceConfig network = interfaces.get(i);
            if (network.vhostUser() != null || List.of("iface_id", network.portField(), "queue_pairs", "publish").stream().anyMatch(field -> !problems.isClean(key + "." + field))) {
                continue;
            }
            TapInterface tap = opened.taps().get(network.ifaceId());
            if (tap != null) {
                ports.add(own(tap));
            } else if (!isWanted || !problems.isEmpty()) {
                NetPorts.check(network, key, problems);
            } else {
                openPort(network, key, problems);
            }
        }
    }

    private void openPort(NetworkInterfaceConfig network, String key, Problems problems) throws IOException {
        NetPort port = NetPorts.open(network, key, problems);
        if (port != null) {
            ports.add(own(port));
        }
    }

    private void openShares(List<ShareConfig> folders, Problems problems) throws IOException {
        for (int i = 0; i < folders.size(); i++) {
            String key = "shares[" + i + "]";
            if (folders.get(i).socket() != null || !problems.isClean(key + ".path_on_host")) {
                continue;
            }
            try {
                shares.add(own(new ShareServer(folders.get(i))));
            } catch (LinuxException e) {
                Shortage.rethrow(e);
                problems.add(key + ".path_on_host", "folder \"" + folders.get(i).pathOnHost() + "\" cannot be shared: " + e.getMessage());
            }
        }
    }

    private static void checkSockets(VmConfig config, GivenParts given, Problems problems) throws IOException {
        if (given.serial() == null) {
            checkConsole(config.serial().path(), "serial.path", problems);
            checkOutputFile(config.serial().serialOutPath(), problems);
        }
        if (given.console() == null && config.console() != null) {
            checkConsole(config.console().path(), "console.path", problems);
        }
        if (config.vsock() != null && given.opened().vsock() == null) {
            checkSocket(config.vsock().udsPath(), "vsock.uds_path", problems);
        }
    }

    private static void checkConsole(String path, String key, Problems problems) throws IOException {
        if (!path.equals(SerialConfig.STDIO) && !path.equals(SerialConfig.NONE)) {
            checkSocket(path, key, problems);
        }
    }

    private static void checkOutputFile(String path, Problems problems) throws IOException {
        if (path == null || !problems.isClean(OUTPUT_KEY)) {
            return;
        }
        try {
            FileConsole.check(Path.of(path));
        } catch (IOException e) {
            Shortage.rethrow(e);
            problems.add(OUTPUT_KEY, e.getMessage());
        }
    }

    private static void checkSocket(String path, String key, Problems problems) throws IOException {
        if (!problems.isClean(key)) {
            return;
        }
        try {
            SocketFile.requireFree(Path.of(path));
        } catch (IOException e) {
            Shortage.rethrow(e);
            problems.add(key, e.getMessage());
        }
    }

    private <T extends AutoCloseable> T own(T file) {
        owned.push(file);
        return file;
    }

    KernelImage kernel() {
        return kernel;
    }

    /** The initial RAM disk, or {@code null}. */
    Initrd initrd() {
        return initrd;
    }

    /** Where the initial RAM disk goes, guest-physical; 0 without one. */
    long initrdAddress() {
        return initrdAddress;
    }

    /** The kernel's whole command line. */
    CommandLine commandLine() {
        return commandLine;
    }

    /** The back ends of devices, by the names of {@link BackEnds}; closed with this where no device has taken them. */
    Map<String, BackEndPort> backEnds() {
        return backEnds;
    }

    /** One a drive that has an image, in the order of the configuration. */
    List<DiskImage> disks() {
        return disks;
    }

    /** One a network interface that no back end serves, in the order of the configuration. */
    List<NetPort> ports() {
        return ports;
    }

    /** One a shared folder that no back end serves, in the order of the configuration; closed with this. */
    List<ShareServer> shares() {
        return shares;
    }

    @Override
    public void close() {
        Machine.closeAll(owned);
    }
}
