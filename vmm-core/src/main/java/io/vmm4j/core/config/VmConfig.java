package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A whole machine, as the configuration file has it: the one model behind every front door. Immutable; absent parts
 * take their defaults.
 *
 * @param bootSource    what to boot; required
 * @param drives        block devices in the order the guest finds them, the root device first
 * @param machineConfig processors and memory
 * @param logger        where the log goes, or {@code null} for the front door's default
 * @param serial        the host's end of the first serial port; absent = standard input and output, unless the console
 *                      has those
 * @param vsock         sockets between guest and host, or {@code null} for none
 * @param networkInterfaces network devices in the order the guest finds them
 * @param entropy       an entropy device, or {@code null} for none
 * @param balloon       a memory balloon, or {@code null} for none
 * @param console       a virtio console, or {@code null} for none
 * @param cpuConfig     changes to what the guest's CPUs are; in JSON also the path of a file with them
 * @param metrics       not supported yet, as the three below: {@code null}
 * @param mmdsConfig    {@code null}
 * @param pmem          none
 * @param memoryHotplug {@code null}
 * @param shares        folders of the host's, in the order the guest finds their devices
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record VmConfig(
        @JsonProperty("boot-source") BootSourceConfig bootSource,
        @JsonProperty("drives") List<DriveConfig> drives,
        @JsonProperty("machine-config") MachineConfig machineConfig,
        @JsonProperty("logger") LoggerConfig logger,
        @JsonProperty("serial") SerialConfig serial,
        @JsonProperty("vsock") VsockConfig vsock,
        @JsonProperty("network-interfaces") List<NetworkInterfaceConfig> networkInterfaces,
        @JsonProperty("entropy") EntropyConfig entropy,
        @JsonProperty("balloon") MemoryBalloonConfig balloon,
        @JsonProperty("console") VirtioConsoleConfig console,
        @JsonProperty("cpu-config") @JsonDeserialize(using = CpuConfigReader.class) CpuConfig cpuConfig,
        @JsonProperty("metrics") MetricsConfig metrics,
        @JsonProperty("mmds-config") MmdsConfig mmdsConfig,
        @JsonProperty("pmem") List<PmemConfig> pmem,
        @JsonProperty("memory-hotplug") MemoryHotplugConfig memoryHotplug,
        @JsonProperty("shares") List<ShareConfig> shares) {

    public VmConfig {
        bootSource = bootSource == null ? new BootSourceConfig(null, null, null) : bootSource;
        drives = drives == null ? List.of() : rootFirst(drives);
        machineConfig = machineConfig == null ? MachineConfig.defaults() : machineConfig;
        serial = serial == null ? new SerialConfig(console != null && console.takesStdio() ? SerialConfig.NONE : null) : serial;
        cpuConfig = cpuConfig == null ? CpuConfig.none() : cpuConfig;
        networkInterfaces = networkInterfaces == null ? List.of() : List.copyOf(networkInterfaces);
        pmem = pmem == null ? List.of() : List.copyOf(pmem);
        shares = shares == null ? List.of() : List.copyOf(shares);
    }

    /** A machine with nothing of what is not supported yet. */
    public VmConfig(BootSourceConfig bootSource, List<DriveConfig> drives, MachineConfig machineConfig, LoggerConfig logger,
            SerialConfig serial, VsockConfig vsock, List<NetworkInterfaceConfig> networkInterfaces, EntropyConfig entropy,
            MemoryBalloonConfig balloon, VirtioConsoleConfig console, CpuConfig cpuConfig) {
        this(bootSource, drives, machineConfig, logger, serial, vsock, networkInterfaces, entropy, balloon, console, cpuConfig,
                null, null, null, null, null);
    }

    /** The same with what {@code other} has of metrics, MMDS, persistent memory, memory to plug and shared folders. */
    public VmConfig withRestOf(VmConfig other) {
        return new VmConfig(bootSource, drives, machineConfig, logger, serial, vsock, networkInterfaces, entropy, balloon, console,
                cpuConfig, other.metrics, other.mmdsConfig, other.pmem, other.memoryHotplug, other.shares);
    }

    /** A machine with nothing but what is given here and the defaults of the rest. */
    public static VmConfig of(BootSourceConfig bootSource, List<DriveConfig> drives, MachineConfig machineConfig) {
        return new VmConfig(bootSource, drives, machineConfig, null, null, null, null, null, null, null, null);
    }

    /** Nothing to boot yet, and the defaults of all else. */
    public static VmConfig defaults() {
        return of(null, null, null);
    }

    /** The same with other drives. */
    public VmConfig withDrives(List<DriveConfig> others) {
        return new VmConfig(bootSource, others, machineConfig, logger, serial, vsock, networkInterfaces, entropy, balloon, console, cpuConfig)
                .withRestOf(this);
    }

    /** The same with other network interfaces. */
    public VmConfig withNetworkInterfaces(List<NetworkInterfaceConfig> others) {
        return new VmConfig(bootSource, drives, machineConfig, logger, serial, vsock, others, entropy, balloon, console, cpuConfig)
                .withRestOf(this);
    }

    /** The same with other shared folders. */
    public VmConfig withShares(List<ShareConfig> others) {
        return new VmConfig(bootSource, drives, machineConfig, logger, serial, vsock, networkInterfaces, entropy, balloon, console,
                cpuConfig, metrics, mmdsConfig, pmem, memoryHotplug, others);
    }

    /** What is changed about the CPUs: {@code cpu-config} where that changes something, else what the machine's template does. */
    public CpuConfig cpuChanges() {
        return hasTemplate() ? CpuTemplates.of(machineConfig.cpuTemplate()) : cpuConfig;
    }

    /** Whether a template says what is changed about the CPUs. */
    public boolean hasTemplate() {
        return machineConfig.cpuTemplate() != MachineConfig.CpuTemplate.None && cpuConfig.equals(CpuConfig.none());
    }

    private static List<DriveConfig> rootFirst(List<DriveConfig> drives) {
        return drives.stream()
                .sorted((a, b) -> Boolean.compare(b.isRootDevice(), a.isRootDevice()))
                .toList();
    }

    /**
     * Checks all that can be checked without looking at the host: ranges, contradictions, what is not supported yet.
     *
     * @throws ConfigException naming every problem found
     */
    public void check() throws ConfigException {
        Problems problems = new Problems();
        check(problems);
        problems.throwIfAny();
    }

    /** As {@link #check()}, into a collection that more checks may be added to. */
    public void check(Problems problems) {
        bootSource.check(problems);
        checkDrives(problems);
        machineConfig.check(problems);
        cpuConfig.check(problems);
        if (logger != null) {
            logger.check(problems);
        }
        serial.check(problems);
        if (vsock != null) {
            vsock.check(problems);
            boolean isConsoles = SocketPlace.isSame(serial.path(), vsock.udsPath())
                    || console != null && SocketPlace.isSame(console.path(), vsock.udsPath());
            problems.require(!isConsoles, "vsock.uds_path", "socket " + vsock.udsPath() + " is the serial port's or the console's too");
        }
        checkNetworkInterfaces(problems);
        checkShares(problems);
        if (entropy != null) {
            entropy.check(problems);
        }
        if (balloon != null) {
            balloon.check(machineConfig.memSizeMib(), problems);
        }
        checkConsole(problems);
        vhostUserDevice().ifPresent(device -> machineConfig.checkShared(device, problems));
        checkWhatIsNotSupported(problems);
    }

    /** A device that a vhost-user back end serves, for messages: {@code drive "data"}; empty when there is none. */
    public Optional<String> vhostUserDevice() {
        Stream<String> served = drives.stream().filter(drive -> drive.socket() != null).map(drive -> "drive \"" + drive.driveId() + "\"");
        Stream<String> networks = networkInterfaces.stream().filter(network -> network.vhostUser() != null)
                .map(network -> "network interface \"" + network.ifaceId() + "\"");
        Stream<String> folders = shares.stream().filter(share -> share.socket() != null).map(share -> "share \"" + share.tag() + "\"");
        return Stream.of(served, networks, folders).flatMap(devices -> devices).findFirst();
    }

    private void checkWhatIsNotSupported(Problems problems) {
        if (metrics != null) {
            metrics.check(problems);
        }
        if (mmdsConfig != null) {
            mmdsConfig.check(problems);
        }
        for (int i = 0; i < pmem.size(); i++) {
            pmem.get(i).check("pmem[" + i + "]", problems);
        }
        if (memoryHotplug != null) {
            memoryHotplug.check(problems);
        }
    }

    private void checkNetworkInterfaces(Problems problems) {
        Set<String> ids = new HashSet<>();
        Set<String> taps = new HashSet<>();
        Set<String> addresses = new HashSet<>();
        for (int i = 0; i < networkInterfaces.size(); i++) {
            String key = "network-interfaces[" + i + "]";
            NetworkInterfaceConfig network = networkInterfaces.get(i);
            network.check(key, problems);
            problems.require(ids.add(network.ifaceId()), key + ".iface_id",
                    "interface id \"" + network.ifaceId() + "\" is used twice");
            problems.require(network.hostDevName() == null || taps.add(network.hostDevName()), key + ".host_dev_name",
                    "tap \"" + network.hostDevName() + "\" is used twice");
            problems.require(network.guestMac() == null || addresses.add(network.guestMac().toLowerCase(Locale.ROOT)),
                    key + ".guest_mac", "hardware address " + network.guestMac() + " is used twice");
        }
    }

    private void checkShares(Problems problems) {
        Set<String> tags = new HashSet<>();
        for (int i = 0; i < shares.size(); i++) {
            String key = "shares[" + i + "]";
            shares.get(i).check(key, problems);
            problems.require(tags.add(shares.get(i).tag()), key + ".tag", "tag \"" + shares.get(i).tag() + "\" is used twice");
        }
    }

    private void checkConsole(Problems problems) {
        if (console == null) {
            return;
        }
        console.check(problems);
        problems.require(!console.takesStdio() || !serial.isStdio(), "console.path",
                "the serial port is on standard input and output too: give one of them a socket path, or the serial port \"none\"");
        problems.require(console.takesStdio() || !SocketPlace.isSame(console.path(), serial.path()), "console.path",
                "socket " + console.path() + " is the serial port's too");
    }

    private void checkDrives(Problems problems) {
        Set<String> ids = new HashSet<>();
        int roots = 0;
        for (int i = 0; i < drives.size(); i++) {
            String key = "drives[" + i + "]";
            DriveConfig drive = drives.get(i);
            drive.check(key, problems);
            problems.require(ids.add(drive.driveId()), key + ".drive_id",
                    "drive id \"" + drive.driveId() + "\" is used twice");
            roots += drive.isRootDevice() ? 1 : 0;
        }
        problems.require(roots <= 1, "drives", roots + " drives are marked as root device, at most 1 may be");
    }
}
