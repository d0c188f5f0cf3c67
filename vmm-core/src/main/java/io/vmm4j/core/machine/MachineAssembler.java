package io.vmm4j.core.machine;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.acpi.AcpiPorts;
import io.vmm4j.core.acpi.SlotController;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VsockConfig;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.cpu.GuestCpu;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.HelperThreads;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.NetPort;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.SocketFile;
import io.vmm4j.core.host.SocketPlaceException;
import io.vmm4j.core.host.Threads;
import io.vmm4j.core.host.VsockSockets;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.core.share.ShareServer;
import io.vmm4j.core.vcpu.BusExitHandler;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.boottimer.BootTimer;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.i8042.I8042;
import io.vmm4j.devices.ioapic.IoApic;
import io.vmm4j.devices.virtio.vsock.VirtioVsock;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmCapabilities;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.MsrRefusedException;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ResourceLimits;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a machine together: memory, vm, interrupt controller, devices, vCPUs, kernel, tables, threads. One assembler makes
 * one machine; whatever fails on the way, all that was made until then is given back.
 */
public final class MachineAssembler {

    private static final Logger LOG = LoggerFactory.getLogger(MachineAssembler.class);

    private final VmConfig config;
    private final GivenParts given;
    private final VcpuEvents events;
    private final MachineThreads own;
    private final Restart restart;

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final List<EpollEventLoop> loops = new ArrayList<>();
    private final HostConsoles consoles;
    private final BusBuilder ports = new BusBuilder("port");
    private final BusBuilder mmio = new BusBuilder("mmio");
    private final MachineMetrics metrics = new MachineMetrics();
    private final SavedParts parts = new SavedParts();
    private Kvm kvm;
    private KvmVm vm;
    private GuestRam ram;
    private I8042 keyboard;
    private Optional<IoApic> ioApic = Optional.empty();

    /**
     * @param config what to build
     * @param given  what the embedder brings along
     * @param events hears of the machine's end, maybe before the caller of {@link #assemble} has the machine; must not block
     * @param own    counts the machine's threads
     */
    public MachineAssembler(VmConfig config, GivenParts given, VcpuEvents events, MachineThreads own) {
        this(config, given, events, own, null);
    }

    /**
     * For a machine that goes on from where another stood still.
     *
     * @param restart where and how; {@code config} is that other's, as far as the guest can tell
     */
    public MachineAssembler(VmConfig config, GivenParts given, VcpuEvents events, MachineThreads own, Restart restart) {
        this.restart = restart;
        this.config = config;
        this.given = given;
        this.events = events;
        this.own = own;
        this.consoles = new HostConsoles(config, given, events, own, owned::push);
    }

    /**
     * Builds the machine, ready to start.
     *
     * @throws ConfigException when the configuration cannot be, or something that the embedder brought; nothing has been
     *     changed on the host then
     * @throws IOException     when the host refuses
     */
    public Machine assemble() throws ConfigException, IOException {
        Machine machine = null;
        try {
            machine = assembleAll();
            return machine;
        } catch (GivenPartException e) {
            if (e.isHosts()) {
                throw Shortage.named(e.asRefusal());
            }
            throw e.asMistake();
        } catch (IOException e) {
            throw Shortage.named(e);
        } catch (UncheckedIOException e) {
            throw Shortage.named(new IOException(e.getMessage(), e));
        } catch (OutOfMemoryError e) {
            if (Threads.isLackOfThreads(e)) {
                throw new IOException("the host has no thread left: " + ResourceLimits.ofThreads(), e);
            }
            throw e;
        } finally {
            // Behind the above, which looks at what is lacking.
            if (machine == null) {
                giveBack();
            }
        }
    }

    private void giveBack() {
        loops.forEach(EpollEventLoop::close);
        Machine.closeAll(owned);
        consoles.given().forEach(GivenConsole::close);
    }

    private Machine assembleAll() throws ConfigException, IOException {
        List<VirtioMmioSlot> plan = DevicePlan.of(config, given);
        HostFiles files = own(restart == null ? HostFiles.open(config, given, plan) : HostFiles.openAgain(config, given, restart));
        openKvm();
        allocateMemory();
        createVm();
        HelperThreads helpers = own(HelperThreads.start());
        EpollEventLoop loop = newLoop("vm-events");
        ioApic.ifPresent(device -> parts.add("I/O APIC", device, loop));
        SerialConsole serial = consoles.serial();
        PanicWatch panics = new PanicWatch(events, loop);
        ConsolePort serialPort = addLegacyDevices(serial, loop, panics);
        DeviceHold hold = new DeviceHold(loop);
        VirtioSlots.Windows windows = (name, slot, device) -> mmio.add(name, slot.base(), slot.size(), device);
        VirtioDevices devices = new VirtioDevices(own(new VirtioSlots(vm, ram.memory(), windows, plan, parts)), loop, hold, helpers, metrics);
        SerialConsole console = consoles.virtio();
        ConsolePort consolePort = console == null ? null : own(devices.addConsole(console, panics, new ConsolePort("console", events, own)));
        addVirtioDevices(devices, files, loop);
        AcpiDevices acpi = own(AcpiDevices.create(vm, ports, parts, loop, config.machineConfig(), ram.memory(), own));
        own(new GivenBusDevices(vm, ports, mmio, parts)).add(given.busDevices(), loop, events);
        List<HotSlot> spares = VirtioPlan.spares(plan.size(), config.machineConfig().spareDevices(), GivenPlaces.interrupts(given.busDevices()));
        DeviceHotplug hotplug = addSpares(spares,
                new DeviceSurroundings(vm, ram, acpi.events(), loop, hold, this::makeLoop, helpers, metrics, events, own, parts));
        hotplug.connect(devices.controls());
        Freezer.Subject subject;
        if (restart == null) {
            acpi.beginGeneration();
            BootLoader boot = BootLoader.load(config, files, config.machineConfig().topology(), ram.memory(), plan, spares.size());
            subject = new Freezer.Subject(vm, ram, createVcpus(boot), acpi, hotplug, parts, null);
        } else {
            subject = new Freezer.Subject(vm, ram, newVcpus(), acpi, hotplug, parts, restart);
            new Thaw(kvm, subject, restart).goOn();
        }
        Vcpus vcpus = subject.vcpus();
        acpi.hotplug().connect(vcpus);
        vcpus.park();
        loops.forEach(EpollEventLoop::start);
        hotplug.startLoops();
        HostConsoles.attach(serial, serialPort, "serial.path");
        if (console != null) {
            HostConsoles.attach(console, consolePort, "console.path");
        }
        parts.drives().values().forEach(DriveDisk::keep);
        ram.made();
        return new Machine(ram, vcpus, hold, acpi, keyboard, loops, devices.given(), consoles.given(), owned, hotplug, own, helpers, panics, metrics, new Freezer(subject));
    }

    /**
     * Checks the configuration, the files it names and the host's memory, and makes nothing.
     *
     * @throws ConfigException naming every problem found
     * @throws IOException     when the host has too few descriptors left, or too little memory, to look
     */
    public void check() throws ConfigException, IOException {
        HostFiles.open(config, given, DevicePlan.of(config, given), false).close();
        HostMemory.check(config.machineConfig());
    }

    private void openKvm() throws IOException, ConfigException {
        kvm = own(Kvm.open());
        KvmCapabilities.require(kvm, config.cpuChanges().waivedCapabilities());
        CpuModifiers.of(config).requireCapabilities(kvm);
        requireVcpus(config.machineConfig(), kvm.maxVcpus(), kvm.maxVcpuId());
    }

    /**
     * Refuses more vCPUs than a host has, by the option that asks for them.
     *
     * @param max     vCPUs that KVM can make
     * @param idLimit the first APIC id that it cannot
     */
    static void requireVcpus(MachineConfig machine, int max, int idLimit) throws ConfigException {
        int asked = machine.maxVcpuCount();
        boolean isAtStart = machine.vcpuCount() > max || machine.vcpuCount() == asked;
        String key = isAtStart ? "machine-config.vcpu_count" : "machine-config.max_vcpu_count";
        if (asked > max) {
            throw new ConfigException(key, (isAtStart ? "vcpu count " + machine.vcpuCount() : "max vcpu count " + asked)
                    + " is above the host maximum " + max);
        }
        int highest = machine.topology().apicId(asked - 1);
        if (highest >= idLimit) {
            throw new ConfigException(key, "the topology of " + asked + " vCPUs needs APIC ids up to " + highest
                    + ", above the host maximum " + (idLimit - 1));
        }
    }

    private void allocateMemory() throws ConfigException, IOException {
        try {
            ram = own(restart == null ? GuestRam.allocate(config.machineConfig(), config.vhostUserDevice().isPresent())
                    : restart.handler() != null ? GuestRam.handled(restart.handler(), config.machineConfig())
                    : GuestRam.of(restart.from().memory(), config.machineConfig(), restart.isCopied()));
            ram.watch(loss -> events.end(new VmExit(VmExitReason.HOST_ERROR, loss)), own);
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            throw tooMuchMemory(e);
        }
    }

    private ConfigException tooMuchMemory(LinuxException refusal) {
        return new ConfigException(HostMemory.SIZE_KEY, "memory size " + config.machineConfig().memSizeMib()
                + " MiB is more than the host can map: " + refusal.getMessage());
    }

    private void createVm() throws IOException, ConfigException {
        vm = own(kvm.createVm());
        try {
            ram.mapInto(vm, restart != null && restart.isTracked());
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            throw tooMuchMemory(e);
        }
        vm.setTssAddress(AddressMap.KVM_TSS);
        ioApic = InterruptControllers.create(vm, config.machineConfig().topology(), mmio);
    }

    private ConsolePort addLegacyDevices(SerialConsole console, EpollEventLoop loop, PanicWatch panics) throws IOException {
        LegacyDevices legacy = own(new LegacyDevices(vm, ports, metrics, parts, loop));
        ConsolePort port = legacy.addConsole(console, panics, new ConsolePort("serial", events, own));
        legacy.addLogPort(panics, given.guestLog(), new GivenPart("guest log", "guest-log", events));
        keyboard = legacy.addKeyboardController(events);
        legacy.addClock(config.machineConfig().memoryBytes());
        legacy.addPowerRegisters(events);
        legacy.addPanicPort(panics);
        ProbedPorts.expectOn(ports);
        if (given.onBooted() != null) {
            Runnable onBooted = new GivenPart("boot timer", "boot-timer", events).guarded("its listener", given.onBooted());
            mmio.add("boot timer", AddressMap.BOOT_TIMER, BootTimer.LENGTH, new BootTimer(onBooted));
        }
        return port;
    }

    private void addVirtioDevices(VirtioDevices devices, HostFiles files, EpollEventLoop loop) throws IOException, ConfigException {
        Iterator<DiskImage> disks = files.disks().iterator();
        for (DriveConfig drive : config.drives()) {
            if (drive.socket() == null) {
                devices.addDrive(disks.next(), deviceParts(), events);
            } else {
                devices.addDrive(drive, files.backEnds().get(BackEnds.name(drive)), ram.shared().orElseThrow(), deviceParts());
            }
        }
        Iterator<NetPort> networks = files.ports().iterator();
        for (NetworkInterfaceConfig network : config.networkInterfaces()) {
            if (network.vhostUser() == null) {
                devices.addNetwork(network, networks.next(), events);
            } else {
                devices.addNetwork(network, files.backEnds().get(BackEnds.name(network)), ram.shared().orElseThrow(), deviceParts());
            }
        }
        Iterator<ShareServer> shares = files.shares().iterator();
        for (ShareConfig share : config.shares()) {
            if (share.socket() == null) {
                devices.addShare(share, shares.next(), deviceParts());
            } else {
                devices.addShare(share, files.backEnds().get(BackEnds.name(share)), ram.shared().orElseThrow(), deviceParts());
            }
        }
        if (config.vsock() != null) {
            addVsock(devices, config.vsock(), loop);
        }
        if (config.entropy() != null) {
            devices.addEntropy(config.entropy());
        }
        if (config.balloon() != null) {
            devices.addBalloon(config.balloon(), ram, config.machineConfig().memSizeMib());
        }
        devices.addGiven(given.devices(), events);
    }

    /** Windows without devices, and what puts devices into them while the guest runs. */
    private DeviceHotplug addSpares(List<HotSlot> spares, DeviceSurroundings surroundings) {
        DeviceHotplug hotplug = own(new DeviceHotplug(config, spares, surroundings));
        for (HotSlot spare : spares) {
            mmio.add("spare " + spare.number(), spare.window().base(), spare.window().size(), spare);
        }
        if (!spares.isEmpty()) {
            ports.add("ACPI slots", AcpiPorts.SLOTS, SlotController.LENGTH, hotplug.controller());
        }
        return hotplug;
    }

    private VsockSockets vsockSockets(VsockConfig vsock, EpollEventLoop loop) throws IOException, ConfigException {
        SocketFile<UnixSocket> opened = given.opened().vsock();
        Path path = Path.of(vsock.udsPath());
        try {
            return own(opened == null ? VsockSockets.listen(loop, path) : VsockSockets.on(loop, path, opened));
        } catch (SocketPlaceException e) {
            // Taken since the configuration was checked.
            throw new ConfigException("vsock.uds_path", e.getMessage());
        }
    }

    private void addVsock(VirtioDevices devices, VsockConfig vsock, EpollEventLoop loop) throws IOException, ConfigException {
        VsockSockets sockets = vsockSockets(vsock, loop);
        VirtioVsock device = new VirtioVsock(loop, vsock.guestCid(), sockets);
        devices.add("vsock", device);
        metrics.vsock(device);
        sockets.serve(device::connect);
    }

    /** Without any vCPU so far. */
    private Vcpus newVcpus() throws IOException, ConfigException {
        BusExitHandler handler = new BusExitHandler(ports.build(), mmio.build(), metrics.exits());
        GuestCpu guest = CpuFeatures.enable(kvm, vm, config.machineConfig());
        VcpuSetup setup = new VcpuSetup(kvm, guest, CpuModifiers.of(config));
        return own(new Vcpus(vm, setup, guest.topology(), handler, events, own));
    }

    private Vcpus createVcpus(BootLoader boot) throws IOException, ConfigException {
        Vcpus vcpus = newVcpus();
        try {
            boot.enter(vcpus.create(0));
        } catch (MsrRefusedException e) {
            throw CpuModifiers.of(config).refusal(e);
        } catch (CpuidRefusedException e) {
            throw vcpus.refusal(e);
        }
        for (int index = 1; index < config.machineConfig().vcpuCount(); index++) {
            vcpus.create(index);
        }
        return vcpus;
    }

    private EpollEventLoop newLoop(String name) throws IOException {
        EpollEventLoop loop = makeLoop(name);
        loops.add(loop);
        return loop;
    }

    private EpollEventLoop makeLoop(String name) throws IOException {
        EpollEventLoop loop = new EpollEventLoop(name, fault -> loopFailed(name, fault));
        own.add(loop.thread(), MachineThreads.Role.GUEST);
        return loop;
    }

    private VirtioDevices.Parts deviceParts() {
        return new VirtioDevices.Parts() {
            @Override
            public EpollEventLoop newLoop(String name) throws IOException {
                return MachineAssembler.this.newLoop(name);
            }

            @Override
            public void own(AutoCloseable part) {
                MachineAssembler.this.own(part);
            }
        };
    }

    /** Told before it is logged: the machine's end does not depend on the log. */
    private void loopFailed(String name, Throwable fault) {
        if (fault instanceof IOException || fault instanceof UncheckedIOException) {
            events.end(new VmExit(VmExitReason.HOST_ERROR, "event loop " + name + ": " + fault.getMessage(), fault));
            LOG.error("event loop {} cannot go on", name, fault);
        } else {
            events.end(new VmExit(VmExitReason.BUG, "event loop " + name + ": internal error: " + fault, fault));
            LOG.error("event loop {} met a fault of the monitor", name, fault);
        }
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }
}
