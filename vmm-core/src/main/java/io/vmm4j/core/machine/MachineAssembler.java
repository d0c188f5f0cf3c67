package io.vmm4j.core.machine;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VsockConfig;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.SerialConsole;
import io.vmm4j.core.host.SocketConsole;
import io.vmm4j.core.host.StdioConsole;
import io.vmm4j.core.host.VsockSockets;
import io.vmm4j.core.vcpu.BusExitHandler;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.core.vcpu.VcpuThread;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.vsock.VirtioVsock;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmCapabilities;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.abi.KvmPitConfig;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a machine together: memory, vm, interrupt controller, devices, vCPUs, kernel, tables, threads. One assembler makes
 * one machine; whatever fails on the way, all that was made until then is given back.
 */
public final class MachineAssembler {

    private static final Logger LOG = LoggerFactory.getLogger(MachineAssembler.class);

    private final VmConfig config;
    private final SerialConsole givenConsole;
    private final List<ExtraDevice> extraDevices;
    private final VcpuEvents events;

    private final CpuTopology topology;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final List<EpollEventLoop> loops = new ArrayList<>();
    private final BusBuilder ports = new BusBuilder("port");
    private final BusBuilder mmio = new BusBuilder("mmio");
    private Kvm kvm;
    private KvmVm vm;
    private GuestRam ram;
    private VirtioSlots slots;

    /**
     * @param config       what to build
     * @param console      the host's end of the first serial port, or {@code null} for the one that {@code config} names
     * @param extraDevices virtio devices of the embedder, behind those of {@code config}
     * @param events       hears of the machine's end; may block until the caller of {@link #assemble} has the machine
     */
    public MachineAssembler(VmConfig config, SerialConsole console, List<ExtraDevice> extraDevices, VcpuEvents events) {
        this.config = config;
        this.givenConsole = console;
        this.extraDevices = List.copyOf(extraDevices);
        this.events = events;
        this.topology = CpuTopology.oneSocket(Math.max(1, config.machineConfig().vcpuCount()));
    }

    /**
     * Builds the machine, ready to start.
     *
     * @throws ConfigException when the configuration cannot be; nothing has been changed on the host then
     * @throws IOException     when the host refuses
     */
    public Machine assemble() throws ConfigException, IOException {
        List<VirtioMmioSlot> plan = plan();
        HostFiles files = own(HostFiles.open(config, plan));
        try {
            openKvm();
            allocateMemory();
            createVm();
            EpollEventLoop loop = newLoop("vm-events");
            SerialConsole console = own(console());
            ConsolePort consolePort = addLegacyDevices(console, loop);
            addVirtioDevices(files.disks(), plan, loop);
            BootLoader boot = BootLoader.load(config, files, topology, ram.memory(), plan);
            List<VcpuThread> vcpus = createVcpus(boot);
            loops.forEach(EpollEventLoop::start);
            console.attach(consolePort);
            return new Machine(vcpus, loops, owned);
        } catch (ConfigException | IOException | RuntimeException | Error e) {
            loops.forEach(EpollEventLoop::close);
            Machine.closeAll(owned);
            throw e;
        }
    }

    /**
     * Checks the configuration and the files it names, and makes nothing.
     *
     * @throws ConfigException naming every problem found
     */
    public void check() throws ConfigException {
        HostFiles.open(config, plan()).close();
    }

    private List<VirtioMmioSlot> plan() throws ConfigException {
        int devices = config.drives().size() + (config.vsock() == null ? 0 : 1) + extraDevices.size();
        if (devices > VirtioPlan.MAX_DEVICES) {
            throw new ConfigException("drives", devices + " virtio devices are above the limit of " + VirtioPlan.MAX_DEVICES);
        }
        return VirtioPlan.slots(devices);
    }

    private void openKvm() throws IOException, ConfigException {
        kvm = own(Kvm.open());
        KvmCapabilities.require(kvm);
        int max = kvm.maxVcpus();
        int asked = config.machineConfig().maxVcpuCount();
        if (asked > max) {
            throw new ConfigException("machine-config.vcpu_count", "vcpu count " + asked + " is above the host maximum " + max);
        }
    }

    private void allocateMemory() throws ConfigException {
        try {
            ram = own(GuestRam.allocate(config.machineConfig().memoryBytes()));
        } catch (LinuxException e) {
            throw tooMuchMemory(e);
        }
    }

    private ConfigException tooMuchMemory(LinuxException refusal) {
        return new ConfigException("machine-config.mem_size_mib", "memory size " + config.machineConfig().memSizeMib()
                + " MiB is more than the host can map: " + refusal.getMessage());
    }

    private void createVm() throws IOException, ConfigException {
        vm = own(kvm.createVm());
        try {
            ram.mapInto(vm);
        } catch (LinuxException e) {
            throw tooMuchMemory(e);
        }
        vm.setTssAddress(AddressMap.KVM_TSS);
        vm.createIrqChip();
        vm.createPit2(KvmPitConfig.KVM_PIT_SPEAKER_DUMMY);
    }

    private SerialConsole console() throws IOException {
        SerialConfig serial = config.serial();
        if (givenConsole != null) {
            return givenConsole;
        }
        return serial.isStdio() ? new StdioConsole() : new SocketConsole(Path.of(serial.path()));
    }

    private ConsolePort addLegacyDevices(SerialConsole console, EpollEventLoop loop) throws IOException {
        LegacyDevices legacy = own(new LegacyDevices(vm, ports));
        ConsolePort port = legacy.addConsole(console, events);
        legacy.addLogPort();
        legacy.addKeyboardController(events);
        legacy.addClock(loop, config.machineConfig().memoryBytes());
        legacy.addPowerRegisters(events);
        return port;
    }

    private void addVirtioDevices(List<DiskImage> disks, List<VirtioMmioSlot> plan, EpollEventLoop loop) throws IOException {
        slots = own(new VirtioSlots(vm, ram.memory(), mmio, plan));
        for (DiskImage disk : disks) {
            addDrive(disk, loop);
        }
        if (config.vsock() != null) {
            addVsock(config.vsock(), loop);
        }
        for (ExtraDevice extra : extraDevices) {
            slots.add(extra.name(), extra.device(), loop, List.of());
        }
    }

    private void addDrive(DiskImage disk, EpollEventLoop loop) throws IOException {
        DriveConfig drive = disk.config();
        BlkBackend backend = own(disk.toBackend());
        EpollEventLoop queueLoop = newLoop("blk-" + drive.driveId());
        VirtioBlk device = new VirtioBlk(disk.toDeviceConfig(), backend, List.of(queueLoop));
        slots.add("drive " + drive.driveId(), device, loop, List.of(queueLoop));
    }

    private void addVsock(VsockConfig vsock, EpollEventLoop loop) throws IOException {
        VsockSockets sockets = own(VsockSockets.listen(loop, Path.of(vsock.udsPath())));
        VirtioVsock device = new VirtioVsock(loop, vsock.guestCid(), sockets);
        slots.add("vsock", device, loop, List.of());
        sockets.serve(device::connect);
    }

    private List<VcpuThread> createVcpus(BootLoader boot) throws IOException {
        BusExitHandler handler = new BusExitHandler(ports.build(), mmio.build());
        VcpuSetup setup = new VcpuSetup(kvm, topology);
        List<VcpuThread> threads = new ArrayList<>();
        for (int index = 0; index < config.machineConfig().vcpuCount(); index++) {
            KvmVcpu vcpu = own(vm.createVcpu(topology.apicId(index)));
            setup.apply(vcpu, index);
            if (index == 0) {
                boot.enter(vcpu);
            }
            threads.add(new VcpuThread(vcpu, handler, events));
        }
        return threads;
    }

    private EpollEventLoop newLoop(String name) throws IOException {
        EpollEventLoop loop = new EpollEventLoop(name, fault -> {
            LOG.error("event loop {} met a fault of the monitor", name, fault);
            events.end(new VmExit(VmExitReason.BUG, "event loop " + name + ": internal error: " + fault));
        });
        loops.add(loop);
        return loop;
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }
}
