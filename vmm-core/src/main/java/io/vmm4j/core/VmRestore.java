package io.vmm4j.core;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MachineName;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.VirtioConsoleConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VsockConfig;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.OpenedFiles;
import io.vmm4j.core.host.SilentConsole;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.core.machine.ExtraBusDevice;
import io.vmm4j.core.machine.ExtraDevice;
import io.vmm4j.core.machine.FrozenMachine;
import io.vmm4j.core.machine.GivenParts;
import io.vmm4j.core.machine.Restart;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.bus.BusRange;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.VirtioDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Makes a {@link Vm} that goes on from a {@linkplain io.vmm4j.core.snapshot.MachineSnapshot snapshot}: what the guest knows is as it was, and what
 * of the host it is on can be changed here. Not thread-safe; may be used again after {@link #build()}, except that a console and devices
 * serve one machine. What the embedder brought along is brought along again, under the same names.
 *
 * <p>Where nothing is said, taps, sockets and images are those of the snapshot's machine; a drive's writes go to memory and are gone with the
 * machine, so that any number can be on one image; and nobody is at a serial port that was on standard input and output, or on a console that the
 * embedder had brought.
 */
public final class VmRestore {

    private final FrozenMachine from;
    private VmConfig config;
    private String name;
    private SerialConsole console;
    private SerialConsole hvc;
    private final List<ExtraDevice> devices = new ArrayList<>();
    private final List<ExtraBusDevice> busDevices = new ArrayList<>();
    private final Set<String> ownImages = new HashSet<>();
    private final Set<String> otherImages = new HashSet<>();
    private OpenedFiles opened = OpenedFiles.none();
    private Runnable onBooted;
    private final Set<String> namedPorts = new HashSet<>();
    private boolean isNamedOnly;
    private boolean isVsockNamed;
    private boolean isSerialNamed;
    private boolean isConsoleNamed;
    private boolean isCopied;
    private Path handler;
    private boolean isTracked = true;
    private boolean movesClock = true;

    /** For snapshots: the type is no part of the API. */
    @SuppressWarnings("exports")
    public VmRestore(FrozenMachine from) {
        this.from = Objects.requireNonNull(from, "from");
        this.config = from.state().config();
        if (config.serial().isStdio()) {
            serial(new SerialConfig(SerialConfig.NONE));
        }
    }

    /** What the machine is called, as {@link VmBuilder#name}. */
    public VmRestore name(String machineName) {
        name = MachineName.require(machineName);
        return this;
    }

    /** The host's end of the first serial port; the machine closes it. */
    public VmRestore serial(SerialConsole serialConsole) {
        console = Objects.requireNonNull(serialConsole, "serialConsole");
        return this;
    }

    /** The first serial port on two streams, as {@link VmBuilder#serial(InputStream, OutputStream)}. */
    public VmRestore serial(InputStream input, OutputStream output) {
        return serial(new StreamConsole(input, output));
    }

    /** The host's end of the first serial port as {@code serial} has it. */
    public VmRestore serial(SerialConfig serial) {
        console = null;
        isSerialNamed = true;
        config = new VmConfig(config.bootSource(), config.drives(), config.machineConfig(), config.logger(), Objects.requireNonNull(serial, "serial"),
                config.vsock(), config.networkInterfaces(), config.entropy(), config.balloon(), config.console(), config.cpuConfig()).withRestOf(config);
        return this;
    }

    /** The host's end of the virtio console; the machine closes it. */
    public VmRestore virtioConsole(SerialConsole virtioConsole) {
        hvc = Objects.requireNonNull(virtioConsole, "virtioConsole");
        return this;
    }

    /** The host's end of the virtio console as {@code virtioConsole} has it. */
    public VmRestore virtioConsole(VirtioConsoleConfig virtioConsole) {
        hvc = null;
        isConsoleNamed = true;
        config = new VmConfig(config.bootSource(), config.drives(), config.machineConfig(), config.logger(), config.serial(), config.vsock(),
                config.networkInterfaces(), config.entropy(), config.balloon(), Objects.requireNonNull(virtioConsole, "virtioConsole"), config.cpuConfig())
                .withRestOf(config);
        return this;
    }

    /**
     * The tap of a network interface, whatever it was on.
     *
     * @param interfaceId in the snapshot's configuration
     * @throws IllegalArgumentException when the snapshot has no such interface
     */
    public VmRestore tap(String interfaceId, String tapName) {
        return port(interfaceId, NetworkInterfaceConfig.of(interfaceId, Objects.requireNonNull(tapName, "tapName"), null));
    }

    /**
     * The socket of a network interface, whatever it was on: of a program that speaks passt's protocol.
     *
     * @param interfaceId in the snapshot's configuration
     * @throws IllegalArgumentException when the snapshot has no such interface
     */
    public VmRestore stream(String interfaceId, Path socket) {
        return port(interfaceId, NetworkInterfaceConfig.stream(interfaceId, socket.toString()));
    }

    /**
     * A passt of its own for a network interface, whatever it was on; without a word, an interface that was on one gets its own too, with the same
     * ports. The guest keeps the addresses that it had, which are the same where the host's are.
     *
     * @param interfaceId in the snapshot's configuration
     * @param publish     the host's ports that lead into the guest, as {@link NetworkInterfaceConfig#user} has them
     * @throws IllegalArgumentException when the snapshot has no such interface
     */
    public VmRestore user(String interfaceId, String... publish) {
        return port(interfaceId, NetworkInterfaceConfig.user(interfaceId, publish));
    }

    private VmRestore port(String interfaceId, NetworkInterfaceConfig port) {
        boolean isKnown = config.networkInterfaces().stream().anyMatch(network -> network.ifaceId().equals(interfaceId));
        require(isKnown, "network interface \"" + interfaceId + "\"");
        namedPorts.add(interfaceId);
        config = config.withNetworkInterfaces(replace(config.networkInterfaces(), network -> network.ifaceId().equals(interfaceId)
                ? network.onPortOf(port) : network));
        return this;
    }

    /**
     * The vsock device's socket, for programs of the host; the guest keeps its context ID.
     *
     * @throws IllegalArgumentException when the snapshot has no vsock device
     */
    public VmRestore vsock(Path socket) {
        require(config.vsock() != null, "vsock device");
        return vsock(config.vsock().guestCid(), socket);
    }

    /**
     * The vsock device's socket and the guest's context ID, of which the guest's driver is told.
     *
     * @throws IllegalArgumentException when the snapshot has no vsock device
     */
    public VmRestore vsock(long guestCid, Path socket) {
        require(config.vsock() != null, "vsock device");
        isVsockNamed = true;
        config = new VmConfig(config.bootSource(), config.drives(), config.machineConfig(), config.logger(), config.serial(),
                new VsockConfig(guestCid, socket.toString(), config.vsock().vsockId()), config.networkInterfaces(), config.entropy(), config.balloon(),
                config.console(), config.cpuConfig()).withRestOf(config);
        return this;
    }

    /**
     * Another image for a drive, with the same bytes as the one in the snapshot: a copy, or the same one moved. It is taken as the same when it is as
     * large.
     *
     * @throws IllegalArgumentException when the snapshot has no such drive
     */
    public VmRestore drive(String driveId, Path image) {
        config = config.withDrives(replace(config.drives(), drive -> drive.driveId().equals(driveId) ? drive.withPath(image.toString()) : drive));
        otherImages.add(requireDrive(driveId));
        return this;
    }

    /**
     * Has a drive write to its image, which is locked for it, and not to memory over it: one machine goes on with the disk, and the snapshot cannot be
     * used again with that image once that has written.
     *
     * @throws IllegalArgumentException when the snapshot has no such drive
     */
    public VmRestore writeToImage(String driveId) {
        ownImages.add(requireDrive(driveId));
        return this;
    }

    /** {@link #writeToImage(String)} for all drives. */
    public VmRestore writeToImages() {
        config.drives().forEach(drive -> ownImages.add(drive.driveId()));
        return this;
    }

    private String requireDrive(String driveId) {
        require(config.drives().stream().anyMatch(drive -> drive.driveId().equals(driveId)), "drive \"" + driveId + "\"");
        return driveId;
    }

    private static void require(boolean isThere, String what) {
        if (!isThere) {
            throw new IllegalArgumentException("the snapshot has no " + what);
        }
    }

    private static <T> List<T> replace(List<T> list, UnaryOperator<T> change) {
        return list.stream().map(change).toList();
    }

    /** A virtio device of the embedder's own that was there, as {@link VmBuilder#device(String, VirtioDevice)}. In the same order as then. */
    public VmRestore device(String deviceName, VirtioDevice device) {
        Objects.requireNonNull(device, "device");
        return device(deviceName, loop -> device);
    }

    /** A virtio device of the embedder's own that was there, as {@link VmBuilder#device(String, Function)}. In the same order as then. */
    public VmRestore device(String deviceName, Function<? super EventLoop, ? extends VirtioDevice> maker) {
        devices.add(new ExtraDevice(Objects.requireNonNull(deviceName, "deviceName"), Objects.requireNonNull(maker, "maker")));
        return this;
    }

    /** A device on I/O ports of the embedder's own that was there, as {@link VmBuilder#portDevice(String, BusRange, int, BiFunction)}. */
    public VmRestore portDevice(String deviceName, BusRange ports, int interrupt,
            BiFunction<? super InterruptLine, ? super EventLoop, ? extends BusDevice> maker) {
        busDevices.add(new ExtraBusDevice(ExtraBusDevice.Kind.PORTS, deviceName, ports, interrupt, maker));
        return this;
    }

    /** As {@link #portDevice}, at guest-physical addresses. */
    public VmRestore mmioDevice(String deviceName, BusRange addresses, int interrupt,
            BiFunction<? super InterruptLine, ? super EventLoop, ? extends BusDevice> maker) {
        busDevices.add(new ExtraBusDevice(ExtraBusDevice.Kind.MEMORY, deviceName, addresses, interrupt, maker));
        return this;
    }

    /** A boot timer, as {@link VmBuilder#bootTimer}; without one, what the guest writes there goes nowhere. */
    public VmRestore bootTimer(Runnable action) {
        onBooted = Objects.requireNonNull(action, "action");
        return this;
    }

    /**
     * Whether all of the memory is brought in before the guest goes on, into memory of the kind that the configuration says, huge pages for one, and in
     * time in proportion to it; else, as nothing is said, page by page as the guest touches it, shared with all others that have not written
     * there.
     */
    public VmRestore copyMemory(boolean isWanted) {
        isCopied = isWanted;
        return this;
    }

    /**
     * Has another process bring the memory in, in place of the snapshot's own: each page when the guest, or a device, first touches it. It listens at
     * {@code socket} and is handed a userfaultfd(2) in Firecracker's way; what the balloon gives back it is told. A machine whose handler dies
     * ends, {@link VmExitReason#HOST_ERROR}. The memory is private, and of huge pages where the configuration says hugetlbfs.
     *
     * <p>{@link #build} throws a {@link io.vmm4j.core.snapshot.MemoryHandlerException}, an IOException, that names the socket when nobody listens there,
     * or this process may have no userfaultfd: it needs /dev/userfaultfd, CAP_SYS_PTRACE, or the sysctl vm.unprivileged_userfaultfd.
     */
    public VmRestore memoryHandler(Path socket) {
        handler = Objects.requireNonNull(socket, "socket");
        return this;
    }

    /**
     * Whether KVM takes note from the start of what the guest writes, as when nothing is said: {@link Vm#resetTo} and the next {@link Vm#snapshot()} take
     * time in proportion to that, then. Without, they look at all of the memory.
     */
    public VmRestore trackWrites(boolean isWanted) {
        isTracked = isWanted;
        return this;
    }

    /** Whether the guest's kvmclock moves on by the time that has gone by since the snapshot, as when nothing is said; else it goes on where it was. */
    public VmRestore moveClock(boolean isWanted) {
        movesClock = isWanted;
        return this;
    }

    /**
     * Has {@link #build} refuse what the snapshot alone names of the host: each image, tap and socket is to be said here. For a snapshot from somebody who
     * is not trusted, whose configuration could name any file. Its kind of memory is not taken either: it is the host's plain memory, not of a file or of
     * huge pages that were set aside, and not brought in at once unless {@link #copyMemory} says so.
     */
    public VmRestore onlyNamed() {
        isNamedOnly = true;
        return this;
    }

    /** Files and sockets that are open already, for one machine. For front doors: their type is no part of the API. */
    @SuppressWarnings("exports")
    public VmRestore opened(OpenedFiles files) {
        opened = Objects.requireNonNull(files, "files");
        return this;
    }

    /** The configuration as it stands, with what had been added to the machine. */
    public VmConfig toConfig() {
        return config;
    }

    /**
     * Puts the machine together as it was, ready to {@link Vm#start() start}: its vCPUs, clocks and devices go on from there. It gets a generation id of
     * its own, of which the guest is told.
     *
     * @throws ConfigException when something is missing or is not what the guest had: a tap, an image, a socket's place that is taken, a feature of the
     *     host's processor, a device that is not brought along. It is named, and nothing has been changed on the host then
     * @throws IOException     when the host refuses
     */
    public Vm build() throws ConfigException, IOException {
        boolean hadGivenConsole = config.console() == null && from.state().parts().containsKey("console");
        SerialConsole virtioConsole = hvc == null && hadGivenConsole ? new SilentConsole() : hvc;
        GivenParts given = new GivenParts(console, virtioConsole, devices, busDevices, opened, onBooted, null);
        from.hold();
        try {
            requireMemory();
            requireNamed();
            VmConfig whole = isNamedOnly ? inPlainMemory(config) : config;
            return VmMaking.make(whole, given, name, new Restart(from, whole, isCopied, isTracked, movesClock, ownImages, otherImages, handler));
        } finally {
            from.release();
        }
    }

    private void requireMemory() throws ConfigException {
        if (handler == null && from.memory().isElsewhere()) {
            throw new ConfigException("snapshot", "it was opened without its memory: name the socket of a handler that brings it in");
        }
        if (handler != null && (isCopied || config.machineConfig().memPrefault())) {
            throw new ConfigException(isCopied ? "snapshot" : "machine-config.mem_prefault",
                    "memory that the handler at " + handler + " brings in comes page by page, and not at once");
        }
    }

    private static VmConfig inPlainMemory(VmConfig config) {
        MachineConfig machine = config.machineConfig();
        MachineConfig plain = new MachineConfig(machine.vcpuCount(), machine.maxVcpuCount(), machine.memSizeMib(), machine.threadsPerCore(),
                machine.coresPerDie(), machine.diesPerSocket(), machine.sockets(), null, null, machine.vpmuLevel(), machine.cpuPm(), false,
                machine.memCoreDump(), machine.smt(), machine.trackDirtyPages(), null, machine.cpuTemplate(), machine.spareDevices());
        return new VmConfig(config.bootSource(), config.drives(), plain, config.logger(), config.serial(), config.vsock(), config.networkInterfaces(),
                config.entropy(), config.balloon(), config.console(), config.cpuConfig()).withRestOf(config);
    }

    private void requireNamed() throws ConfigException {
        if (!isNamedOnly) {
            return;
        }
        List<ConfigProblem> problems = new ArrayList<>();
        config.drives().stream().filter(drive -> !otherImages.contains(drive.driveId()))
                .forEach(drive -> problems.add(unnamed("drive " + drive.driveId(), drive.pathOnHost())));
        config.networkInterfaces().stream().filter(network -> !namedPorts.contains(network.ifaceId()))
                .forEach(network -> problems.add(unnamed("network interface " + network.ifaceId(),
                        network.hostDevName() == null ? network.portField() : network.hostDevName())));
        if (config.vsock() != null && !isVsockNamed) {
            problems.add(unnamed("the vsock device", config.vsock().udsPath()));
        }
        String output = config.serial().serialOutPath();
        if (console == null && !isSerialNamed && (!config.serial().isNone() || output != null)) {
            problems.add(unnamed("the serial port", output == null ? config.serial().path() : output));
        }
        boolean isConsoleOfHost = config.console() != null && !config.console().path().equals(SerialConfig.NONE);
        if (isConsoleOfHost && hvc == null && !isConsoleNamed) {
            problems.add(unnamed("the virtio console", config.console().path()));
        }
        config.shares().forEach(share -> problems.add(unnamed("share " + share.tag(), share.socket() == null ? share.pathOnHost() : share.socket())));
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
    }

    private static ConfigProblem unnamed(String what, String place) {
        return new ConfigProblem("snapshot", what + " was on " + place + " in the snapshot: name what it is to be on");
    }
}
