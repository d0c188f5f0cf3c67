package io.vmm4j.core.machine;

import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.EntropyConfig;
import io.vmm4j.core.config.MemoryBalloonConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.control.BalloonControl;
import io.vmm4j.core.control.DeviceControls;
import io.vmm4j.core.control.DeviceLoop;
import io.vmm4j.core.control.DriveControl;
import io.vmm4j.core.control.EntropyControl;
import io.vmm4j.core.control.NetworkControl;
import io.vmm4j.core.control.ShareControl;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.HelperThreads;
import io.vmm4j.core.host.NetPort;
import io.vmm4j.core.share.ShareServer;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.core.vhostuser.BackEndPort;
import io.vmm4j.core.vhostuser.SharedRam;
import io.vmm4j.core.vhostuser.VhostUserDevice;
import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.balloon.BalloonConfig;
import io.vmm4j.devices.virtio.balloon.VirtioBalloon;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.console.BufferedConsole;
import io.vmm4j.devices.virtio.console.ConsoleConfig;
import io.vmm4j.devices.virtio.console.VirtioConsole;
import io.vmm4j.devices.virtio.fs.FsConfig;
import io.vmm4j.devices.virtio.fs.VirtioFs;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.devices.virtio.net.NetConfig;
import io.vmm4j.devices.virtio.net.VirtioNet;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import io.vmm4j.kvm.libc.HostRandom;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Makes the virtio devices of a machine from their configuration, and puts each into its window. */
final class VirtioDevices {

    private static final long PAGES_PER_MIB = 256;

    private final VirtioSlots slots;
    private final EpollEventLoop loop;
    private final DeviceHold hold;
    private final DeviceLoop commands;
    private final HelperThreads helpers;
    private final MachineMetrics metrics;
    private final List<GivenDevice> given = new ArrayList<>();
    private final Map<String, DriveControl> drives = new HashMap<>();
    private final Map<String, NetworkControl> networks = new HashMap<>();
    private final Map<String, ShareControl> shares = new HashMap<>();
    private EntropyControl entropy;
    private BalloonControl balloon;

    /**
     * @param slots   the windows
     * @param loop    owns the devices
     * @param hold    of the devices
     * @param helpers tell what has become of commands to them
     */
    VirtioDevices(VirtioSlots slots, EpollEventLoop loop, DeviceHold hold, HelperThreads helpers, MachineMetrics metrics) {
        this.slots = slots;
        this.loop = loop;
        this.hold = hold;
        this.helpers = helpers;
        this.commands = new DeviceLoop(loop, helpers);
        this.metrics = metrics;
    }

    /** Keeps what devices are served by, and closes it with them. */
    interface Parts {

        /** An event loop, not started, that is closed before anything that is owned. */
        EpollEventLoop newLoop(String name) throws IOException;

        /** Closes {@code part} before what was owned earlier. */
        void own(AutoCloseable part);
    }

    /**
     * A drive on {@code disk}, with a loop a queue.
     *
     * @param events hears of requests that its image has failed
     */
    void addDrive(DiskImage disk, Parts parts, VcpuEvents events) throws IOException {
        DriveConfig drive = disk.config();
        List<EpollEventLoop> queueLoops = new ArrayList<>();
        for (int queue = 0; queue < drive.numQueues(); queue++) {
            queueLoops.add(parts.newLoop("blk-" + drive.driveId() + (drive.numQueues() == 1 ? "" : "-" + queue)));
        }
        DriveDisk images = new DriveDisk(disk, queueLoops);
        parts.own(images);
        VirtioBlk device = new VirtioBlk(disk.toDeviceConfig(), images.current(), queueLoops, limiter(drive.rateLimiter()),
                System::nanoTime, (number, error) -> events.happened(time -> new VmEvent.DriveFailed(time, drive.driveId(), number, error)));
        slots.add("drive " + drive.driveId(), device, loop, queueLoops);
        slots.parts().addDrive(drive.driveId(), images);
        hold.add(drive.driveId(), device);
        metrics.drive(drive.driveId(), device);
        drives.put(drive.driveId(), new DriveControl(drive.driveId(), commands, device, images));
    }

    /**
     * A network device on {@code port}, which is to be closed after the loop.
     *
     * @param events hears when the port is lost
     */
    void addNetwork(NetworkInterfaceConfig network, NetPort port, VcpuEvents events) throws IOException {
        NetworkLoss loss = new NetworkLoss(network.ifaceId(), events);
        NetBackend backend = port.attach(loop, loss);
        NetConfig config = new NetConfig(Optional.ofNullable(network.guestMac()).map(MacAddress::parse),
                network.mtu() == null ? port.packetLimit() : OptionalInt.of(network.mtu()), network.queuePairs(), network.queueSize());
        VirtioNet device = new VirtioNet(loop, config, backend, limiter(network.rxRateLimiter()), limiter(network.txRateLimiter()));
        loss.connect(device);
        slots.add("network interface " + network.ifaceId(), device, loop, List.of());
        metrics.network(network.ifaceId(), device);
        networks.put(network.ifaceId(), new NetworkControl(network.ifaceId(), commands, device));
    }

    /** A shared folder, with a loop a queue. */
    void addShare(ShareConfig share, ShareServer server, Parts parts) throws IOException {
        List<EpollEventLoop> requestLoops = new ArrayList<>();
        for (int queue = 0; queue < share.numQueues(); queue++) {
            EpollEventLoop queueLoop = parts.newLoop("fs-" + share.tag() + (share.numQueues() == 1 ? "" : "-" + queue));
            hold.add(queueLoop);
            requestLoops.add(queueLoop);
        }
        EpollEventLoop priority = parts.newLoop("fs-" + share.tag() + "-hi");
        hold.add(priority);
        VirtioFs device = new VirtioFs(new FsConfig(share.tag(), share.numQueues(), share.queueSize()), server, priority, requestLoops);
        List<EpollEventLoop> queueLoops = new ArrayList<>(requestLoops);
        queueLoops.add(0, priority);
        slots.add("share " + share.tag(), device, loop, queueLoops);
        metrics.share(share.tag(), device);
        shares.put(share.tag(), new ShareControl(share.tag(), server));
    }

    /** A drive that a back end serves. */
    void addDrive(DriveConfig drive, BackEndPort port, SharedRam ram, Parts parts) throws IOException {
        VhostUserDevice device = addServed(BackEnds.name(drive), drive.driveId(), port, ram, parts);
        drives.put(drive.driveId(), DriveControl.served(drive.driveId(), new DeviceLoop(device.loop(), helpers), device));
    }

    /** A network interface that a back end serves. */
    void addNetwork(NetworkInterfaceConfig network, BackEndPort port, SharedRam ram, Parts parts) throws IOException {
        VhostUserDevice device = addServed(BackEnds.name(network), network.ifaceId(), port, ram, parts);
        networks.put(network.ifaceId(), NetworkControl.served(network.ifaceId(), new DeviceLoop(device.loop(), helpers), device));
    }

    /** A folder that a back end serves. */
    void addShare(ShareConfig share, BackEndPort port, SharedRam ram, Parts parts) throws IOException {
        addServed(BackEnds.name(share), share.tag(), port, ram, parts);
        shares.put(share.tag(), ShareControl.served(share.tag()));
    }

    /** On a loop of its own, which may wait for the back end. */
    private VhostUserDevice addServed(String name, String id, BackEndPort port, SharedRam ram, Parts parts) throws IOException {
        EpollEventLoop own = parts.newLoop("vhost-" + id);
        hold.add(own);
        VhostUserDevice device = slots.addWired(name, port.queues(), wiring -> new VhostUserDevice(name, port, ram, own, wiring), own);
        hold.add(name, device);
        return device;
    }

    void addEntropy(EntropyConfig config) throws IOException {
        VirtioRng device = new VirtioRng(loop, HostRandom::fill, limiter(config.rateLimiter()));
        slots.add("entropy", device, loop, List.of());
        metrics.entropy(device);
        entropy = new EntropyControl(commands, device);
    }

    void addBalloon(MemoryBalloonConfig config, GuestRam ram, long memSizeMib) throws IOException {
        BalloonConfig chosen = new BalloonConfig(config.amountMib() * PAGES_PER_MIB, config.deflateOnOom(),
                config.statsPollingIntervalS(), config.freePageHinting(), config.freePageReporting());
        VirtioBalloon device = new VirtioBalloon(loop, chosen, ram::discard);
        slots.add("balloon", device, loop, List.of());
        metrics.balloon(device);
        balloon = new BalloonControl(commands, device, memSizeMib);
    }

    /** The guest's hvc0, with its host's end on {@code console}, which is to be attached to {@code port}. */
    ConsolePort addConsole(SerialConsole console, PanicWatch panics, ConsolePort port) throws IOException {
        BufferedConsole backend = new BufferedConsole(loop, panics.watch(console.output()), port::inputRoomChanged);
        VirtioConsole device = new VirtioConsole(loop, ConsoleConfig.hvc0(0, 0), List.of(backend));
        port.connect(new ConsolePort.Device() {
            @Override
            public int receive(byte[] data, int offset, int length) {
                return backend.receive(data, offset, length);
            }

            @Override
            public void outputReady() {
                backend.outputReady();
            }

            @Override
            public boolean hasWindow() {
                return true;
            }

            @Override
            public void resize(int columns, int rows) {
                device.setSize(columns, rows);
            }
        });
        slots.add("console", device, loop, List.of());
        return port;
    }

    /** A device that is served by the loop alone. */
    void add(String name, VirtioDevice device) throws IOException {
        slots.add(name, device, loop, List.of());
    }

    /**
     * The embedder's devices.
     *
     * @param events hears of their faults
     * @throws GivenPartException naming all that cannot be used
     */
    void addGiven(List<ExtraDevice> extras, VcpuEvents events) throws IOException {
        List<GivenPartException> refused = new ArrayList<>();
        for (ExtraDevice extra : extras) {
            try {
                GivenDevice device = GivenDevice.make(extra, loop, events, given);
                given.add(device);
                add("device " + extra.name(), device);
            } catch (GivenPartException e) {
                refused.add(e);
            }
        }
        if (!refused.isEmpty()) {
            throw new GivenPartException(refused);
        }
    }

    /** The embedder's devices among those added so far. */
    List<GivenDevice> given() {
        return given;
    }

    /** What can be changed about those added so far. */
    DeviceControls controls() {
        return new DeviceControls(drives, networks, entropy, balloon, shares);
    }

    /** A limiter that can be changed later, also where the configuration has none. */
    static RateLimiter limiter(RateLimiterConfig config) {
        RateLimiterConfig limits = config == null ? new RateLimiterConfig(null, null) : config;
        return new RateLimiter(System::nanoTime, limits.bandwidthBucket().orElse(BucketConfig.UNLIMITED),
                limits.opsBucket().orElse(BucketConfig.UNLIMITED));
    }
}
