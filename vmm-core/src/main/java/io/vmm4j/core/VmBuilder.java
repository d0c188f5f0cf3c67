package io.vmm4j.core;

import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.CpuConfig;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.EntropyConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MachineName;
import io.vmm4j.core.config.MemoryBalloonConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.core.config.VirtioConsoleConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VsockConfig;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.OpenedFiles;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.core.machine.ExtraBusDevice;
import io.vmm4j.core.machine.ExtraDevice;
import io.vmm4j.core.machine.GivenParts;
import io.vmm4j.core.machine.MachineAssembler;
import io.vmm4j.core.rootfs.RootSource;
import io.vmm4j.core.rootfs.Rootfs;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.bus.BusRange;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.VirtioDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Makes a {@link Vm}: the Java front door. What is not said takes the defaults of {@link VmConfig}. Not thread-safe;
 * may be used again after {@link #build()}, except that a console and devices serve one machine.
 */
public final class VmBuilder {

    /** In place of an interrupt, for a bus device that has none. */
    public static final int NO_INTERRUPT = ExtraBusDevice.NO_INTERRUPT;

    private String name;
    private BootSourceConfig bootSource;
    private final List<DriveConfig> drives = new ArrayList<>();
    private MachineConfig machine;
    private SerialConfig serial;
    private VsockConfig vsock;
    private final List<NetworkInterfaceConfig> networkInterfaces = new ArrayList<>();
    private EntropyConfig entropy;
    private MemoryBalloonConfig balloon;
    private VirtioConsoleConfig virtioConsole;
    private CpuConfig cpuConfig;
    private SerialConsole console;
    /** Whether the configuration's console is one that somebody asked for. */
    private boolean hasConsole = true;
    private SerialConsole hvc;
    private final List<ExtraDevice> devices = new ArrayList<>();
    private final List<ExtraBusDevice> busDevices = new ArrayList<>();
    private OpenedFiles opened = OpenedFiles.none();
    private Runnable onBooted;
    private Consumer<? super String> guestLog;
    /** Has the shared folders, and what no method sets. */
    private VmConfig origin;

    private VmBuilder(VmConfig config) {
        origin = config;
        bootSource = config.bootSource();
        drives.addAll(config.drives());
        machine = config.machineConfig();
        serial = config.serial();
        vsock = config.vsock();
        networkInterfaces.addAll(config.networkInterfaces());
        entropy = config.entropy();
        balloon = config.balloon();
        virtioConsole = config.console();
        cpuConfig = config.cpuConfig();
    }

    /**
     * A machine with one vCPU, 128 MiB, and nothing to boot yet. What its serial port prints goes to {@link System#out} unless a console is
     * named; nothing is read from standard input, and a terminal stays as it is.
     */
    public static VmBuilder create() {
        VmBuilder builder = new VmBuilder(VmConfig.defaults());
        builder.hasConsole = false;
        return builder;
    }

    /** A machine as {@code config} has it. */
    public static VmBuilder fromConfig(VmConfig config) {
        return new VmBuilder(config);
    }

    /**
     * What the machine is called: its threads have the name in front of theirs ({@code web/vcpu-0}), and what is said of it begins with it.
     * Without one it is called {@code vm-1}, {@code vm-2} and so on, and threads and lines are without.
     *
     * @param machineName 1 to {@value MachineName#LENGTH_MAX} letters, digits, '-', '_' and '.', a letter or a digit first
     * @throws IllegalArgumentException when it is something else; the message says what
     */
    public VmBuilder name(String machineName) {
        name = MachineName.require(machineName);
        return this;
    }

    /** The kernel image, ELF vmlinux or bzImage. */
    public VmBuilder kernel(Path image) {
        bootSource = new BootSourceConfig(image.toString(), bootSource.initrdPath(), bootSource.bootArgs());
        return this;
    }

    /** The initial RAM disk. */
    public VmBuilder initrd(Path image) {
        bootSource = new BootSourceConfig(bootSource.kernelImagePath(), image.toString(), bootSource.bootArgs());
        return this;
    }

    /** The kernel's arguments, in place of {@link BootSourceConfig#DEFAULT_BOOT_ARGS}. */
    public VmBuilder bootArgs(String arguments) {
        bootSource = new BootSourceConfig(bootSource.kernelImagePath(), bootSource.initrdPath(), arguments);
        return this;
    }

    /** A writable root file system image. */
    public VmBuilder rootfs(Path image) {
        return drive(new DriveConfig("rootfs", true, null, image.toString(), false, null));
    }

    /**
     * A root file system from a directory, a tar archive (packed or not) or a saved container image: an ext4 image is made of it by mke2fs, at once, or
     * taken from the user's cache, and any number of machines share it. What the guest writes goes to memory, and is gone with the machine. Of a
     * container image that is its files alone; what its program is, the kernel is to be told.
     *
     * @param source as {@code --rootfs} has it: a path, for one of several images with {@code :REFERENCE} behind
     * @throws IllegalArgumentException when {@code source} is none of these
     * @throws IOException              one line: it cannot become an image, or the host refuses
     */
    public VmBuilder rootfsFrom(String source) throws IOException {
        RootSource found = RootSource.of(source).orElseThrow(() -> new IllegalArgumentException(
                "\"" + source + "\" is neither a directory nor an archive, by its name"));
        return drive(Rootfs.of(found, 0).drive(new DriveConfig("rootfs", true, null, source, false, null)));
    }

    /** One more block device. */
    public VmBuilder drive(DriveConfig drive) {
        drives.add(Objects.requireNonNull(drive, "drive"));
        return this;
    }

    /** vCPUs, 1 to {@link MachineConfig#MAX_VCPU_COUNT}. */
    public VmBuilder vcpus(int count) {
        machine = machine.withVcpuCount(count);
        return this;
    }

    /** vCPUs the machine can grow to by {@link Vm#resizeVcpus(int)}, at least those it starts with. */
    public VmBuilder maxVcpus(int count) {
        machine = machine.withMaxVcpuCount(count);
        return this;
    }

    /** Guest RAM in MiB. */
    public VmBuilder memoryMib(long mebibytes) {
        machine = machine.withMemSizeMib(mebibytes);
        return this;
    }

    /** Processors and memory as {@code config} has them, in place of all that was said of them before. */
    public VmBuilder machine(MachineConfig config) {
        machine = Objects.requireNonNull(config, "config");
        return this;
    }

    /** Sockets between the guest, by its context ID of 3 to 0xFFFFFFFE, and programs of the host, by a Unix socket to create: see {@link VsockConfig}. */
    public VmBuilder vsock(long guestCid, Path socket) {
        vsock = new VsockConfig(guestCid, socket.toString(), null);
        return this;
    }

    /** Changes to what the guest's CPUs are, beyond {@link #machine}. */
    public VmBuilder cpuConfig(CpuConfig changes) {
        cpuConfig = Objects.requireNonNull(changes, "changes");
        return this;
    }

    /** The host's end of the first serial port, in place of what the configuration says; the machine closes it. */
    public VmBuilder serial(SerialConsole console) {
        this.console = Objects.requireNonNull(console, "console");
        return this;
    }

    /**
     * The first serial port on two streams: all bytes pass unchanged, the end of {@code input} leaves the output running, and the machine closes
     * neither. {@code output} is written to on a thread of its own, so it may block, and flushed whenever the guest pauses.
     * An {@link IOException} of either ends what it is for, and the log says so; all else that they throw the machine, {@link VmExitReason#DEVICE_FAULT}.
     */
    public VmBuilder serial(InputStream input, OutputStream output) {
        return serial(new StreamConsole(input, output));
    }

    /** The host's end of the first serial port as {@code config} has it: a socket, a file, standard input and output, or nobody. */
    public VmBuilder serial(SerialConfig config) {
        serial = Objects.requireNonNull(config, "config");
        console = null;
        hasConsole = true;
        return this;
    }

    /** One more network device. */
    public VmBuilder networkInterface(NetworkInterfaceConfig network) {
        networkInterfaces.add(Objects.requireNonNull(network, "network"));
        return this;
    }

    /** A folder of the host's that the guest mounts by its tag: {@code mount -t virtiofs TAG DIR}. */
    public VmBuilder share(Path directory, String tag) {
        return share(ShareConfig.of(directory.toString(), tag));
    }

    /** One more shared folder. */
    public VmBuilder share(ShareConfig share) {
        origin = origin.withShares(Stream.concat(origin.shares().stream(), Stream.of(share)).toList());
        return this;
    }

    /** An entropy device. */
    public VmBuilder entropy(EntropyConfig device) {
        entropy = Objects.requireNonNull(device, "device");
        return this;
    }

    /** A memory balloon. */
    public VmBuilder balloon(MemoryBalloonConfig device) {
        balloon = Objects.requireNonNull(device, "device");
        return this;
    }

    /** A virtio console, the guest's hvc0, with its host's end on {@code console}; the machine closes it. */
    public VmBuilder virtioConsole(SerialConsole console) {
        hvc = Objects.requireNonNull(console, "console");
        return this;
    }

    /** A virtio console, the guest's hvc0, with its host's end on two streams, as {@link #serial(InputStream, OutputStream)}. */
    public VmBuilder virtioConsole(InputStream input, OutputStream output) {
        return virtioConsole(new StreamConsole(input, output));
    }

    /** A virtio console, the guest's hvc0, with its host's end as {@code config} has it. */
    public VmBuilder virtioConsole(VirtioConsoleConfig config) {
        virtioConsole = Objects.requireNonNull(config, "config");
        hvc = null;
        return this;
    }

    /**
     * A virtio device of the embedder's own, in the next free window. The machine's event loop owns it; it is reset a last time
     * when the machine ends. What it throws ends the machine, {@link VmExitReason#DEVICE_FAULT}.
     *
     * @param name   for messages
     * @param device not yet in any machine
     */
    public VmBuilder device(String name, VirtioDevice device) {
        Objects.requireNonNull(device, "device");
        return device(name, loop -> device);
    }

    /** A virtio device of the embedder's own that needs the loop which serves it, for its timers: made once for each machine that is built. */
    public VmBuilder device(String name, Function<? super EventLoop, ? extends VirtioDevice> maker) {
        devices.add(new ExtraDevice(Objects.requireNonNull(name, "name"), Objects.requireNonNull(maker, "maker")));
        return this;
    }

    /** {@link #portDevice(String, BusRange, int, BiFunction)} without an interrupt. */
    public VmBuilder portDevice(String name, BusRange ports, BusDevice device) {
        Objects.requireNonNull(device, "device");
        return portDevice(name, ports, NO_INTERRUPT, (line, loop) -> device);
    }

    /**
     * A device of the embedder's own on I/O ports, of which nothing tells the guest: its driver has to know. vCPU threads call it;
     * accesses that are not wholly in its range do not reach it. What it throws ends the machine, {@link VmExitReason#DEVICE_FAULT}. One
     * that is {@link AutoCloseable} is closed when the machine has ended.
     *
     * @param name      for messages
     * @param ports     its ports, up to 0xffff; {@link #build()} refuses those of another device
     * @param interrupt the input of the interrupt controller that its line is at, 0 to 23 and nobody else's, or {@link #NO_INTERRUPT}
     * @param maker     makes the device, once for each machine that is built, given its line (which goes nowhere without an interrupt)
     *     and the machine's event loop, for timers
     */
    public VmBuilder portDevice(String name, BusRange ports, int interrupt, BiFunction<? super InterruptLine, ? super EventLoop, ? extends BusDevice> maker) {
        busDevices.add(new ExtraBusDevice(ExtraBusDevice.Kind.PORTS, name, ports, interrupt, maker));
        return this;
    }

    /** As {@link #portDevice(String, BusRange, BusDevice)}, at guest-physical addresses where there is no RAM. */
    public VmBuilder mmioDevice(String name, BusRange addresses, BusDevice device) {
        Objects.requireNonNull(device, "device");
        return mmioDevice(name, addresses, NO_INTERRUPT, (line, loop) -> device);
    }

    /** As {@link #portDevice(String, BusRange, int, BiFunction)}, at guest-physical addresses where there is no RAM. */
    public VmBuilder mmioDevice(String name, BusRange addresses, int interrupt, BiFunction<? super InterruptLine, ? super EventLoop, ? extends BusDevice> maker) {
        busDevices.add(new ExtraBusDevice(ExtraBusDevice.Kind.MEMORY, name, addresses, interrupt, maker));
        return this;
    }

    /**
     * A boot timer as Firecracker has it: {@code onBooted} is called when the guest writes the byte 123 to guest-physical address 0xC0000000,
     * as its first program does; on a vCPU's thread, as often as the guest likes. It must not block; what it throws ends the machine,
     * {@link VmExitReason#DEVICE_FAULT}.
     */
    public VmBuilder bootTimer(Runnable onBooted) {
        this.onBooted = Objects.requireNonNull(onBooted, "onBooted");
        return this;
    }

    /**
     * Has each line that the guest prints on its second serial port given to {@code reader}, beside the log: as plain text, up to 1024 bytes, on a
     * vCPU's thread, so it must not block. What it throws ends the machine, {@link VmExitReason#DEVICE_FAULT}.
     */
    public VmBuilder guestLog(Consumer<? super String> reader) {
        guestLog = Objects.requireNonNull(reader, "reader");
        return this;
    }

    /** Files and sockets of the configuration that are open already, for one machine. For front doors: their type is no part of the API. */
    @SuppressWarnings("exports")
    public VmBuilder opened(OpenedFiles files) {
        opened = Objects.requireNonNull(files, "files");
        return this;
    }

    /** The configuration as it stands. */
    public VmConfig toConfig() {
        return new VmConfig(bootSource, drives, machine, origin.logger(), serial, vsock, networkInterfaces, entropy, balloon,
                virtioConsole, cpuConfig).withRestOf(origin);
    }

    /**
     * Looks for all that is wrong with the configuration and with the files it names; makes nothing. For a front door
     * that has found mistakes of its own to report with these; {@link #build} checks by itself.
     *
     * @throws ConfigException naming every problem found
     * @throws IOException     when the host has too few descriptors left, or too little memory, to look
     */
    public void check() throws ConfigException, IOException {
        Shortage.requireRoomToLoad(toConfig());
        boolean interrupted = Thread.interrupted();
        try {
            new MachineAssembler(toConfig(), parts(), exit -> { }, new MachineThreads()).check();
        } finally {
            keep(interrupted);
        }
    }

    private GivenParts parts() {
        boolean isPrinted = console == null && !hasConsole;
        return new GivenParts(isPrinted ? StreamConsole.printing(System.out) : console, hvc, devices, busDevices, opened, onBooted, guestLog);
    }

    /**
     * Checks the configuration and puts the machine together, ready to {@link Vm#start() start}. An interrupt that the
     * caller comes with is kept for later; one that comes meanwhile may end this with an {@link InterruptedIOException}.
     *
     * @throws ConfigException when the configuration cannot be, or a device or a console that was brought along cannot be used, by
     *     its name, with what it threw as the cause; nothing has been changed on the host then
     * @throws IOException     when the host refuses: a {@link io.vmm4j.kvm.KvmException} with system call and errno, for one.
     *     What the host has run out of, descriptors, threads or memory, is named with its limit
     */
    public Vm build() throws ConfigException, IOException {
        return VmMaking.make(toConfig(), parts(), name, null);
    }

    private static void keep(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
