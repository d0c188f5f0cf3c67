package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.EntropyConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MemoryBalloonConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.FileConsole;
import io.vmm4j.core.host.OpenedFiles;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.TapInterface;
import io.vmm4j.core.vhostuser.BackEndPort;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a machine of what was collected for it, and starts it. Confined to the API's thread. */
public final class MachineStarter {

    private static final Logger LOG = LoggerFactory.getLogger(MachineStarter.class);
    private static final int ELF_HEADER = 64;
    private static final String PCI_OFF = "pci=off";
    /** Magic number of a bzImage's setup header, and where it is. */
    private static final int HDRS = 0x53726448;
    private static final int HDRS_OFFSET = 0x202;
    private static final int ELF_MAGIC = 0x464C457F;

    /** Opens something once more. */
    @FunctionalInterface
    private interface Reopening {
        void reopen() throws ApiException;
    }

    private final Supplier<SerialConsole> stdio;
    private final boolean hasBootTimer;

    /**
     * @param stdio        makes the serial port's host's end when the configuration has none
     * @param hasBootTimer whether the machine has a boot timer, which counts from the request to start
     */
    public MachineStarter(Supplier<SerialConsole> stdio, boolean hasBootTimer) {
        this.stdio = stdio;
        this.hasBootTimer = hasBootTimer;
    }

    /**
     * Starts a machine. What {@code resources} hold is as before when that fails, so that it can be tried again.
     *
     * @throws ApiException why not
     */
    Vm start(Resources resources) throws ApiException {
        BootTime bootTime = hasBootTimer ? BootTime.fromNow() : null;
        if (resources.bootSource == null) {
            throw new ApiException("Start microvm error: Cannot start microvm without kernel configuration.");
        }
        if (resources.machine.memSizeMib() < 0 || resources.machine.memSizeMib() > MachineConfig.MAX_MEM_SIZE_MIB) {
            throw StartError.of(new ConfigException("machine-config.mem_size_mib", "memory size "
                    + Long.toUnsignedString(resources.machine.memSizeMib()) + " MiB is not in 1.." + MachineConfig.MAX_MEM_SIZE_MIB));
        }
        if (resources.machine.cpuTemplate() != null) {
            StaticTemplates.require(resources.machine.cpuTemplate(), Path.of("/proc/cpuinfo"));
        }
        requireKernel(resources.bootSource.kernel());
        if (resources.bootSource.initrd() != null) {
            requireInitrd(resources.bootSource.initrd());
        }
        SerialConsole serial = serial(resources);
        boolean isStarted = false;
        try {
            Vm vm = build(resources, serial, bootTime);
            try {
                vm.start();
                isStarted = true;
                return vm;
            } finally {
                if (!isStarted) {
                    vm.close();
                }
            }
        } catch (ConfigException e) {
            LOG.error("the machine cannot be started: {}", e.getMessage());
            throw StartError.of(e);
        } catch (IOException e) {
            throw StartError.of(e);
        } catch (IllegalStateException e) {
            throw StartError.refused("Internal error while starting microVM: " + e.getMessage(), e);
        } finally {
            if (!isStarted) {
                serial.close();
                reopen(resources);
            }
        }
    }

    private static Vm build(Resources resources, SerialConsole serial, BootTime bootTime) throws ConfigException, IOException {
        VmBuilder builder = VmBuilder.fromConfig(toConfig(resources)).serial(serial).opened(opened(resources));
        return (bootTime == null ? builder : builder.bootTimer(bootTime)).build();
    }

    /** The first mistakes that Firecracker's loader looks for, in its words; what else is wrong the machine's own loader says. */
    private static void requireKernel(Fd kernel) throws ApiException {
        ByteBuffer start = ByteBuffer.allocate(HDRS_OFFSET + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel file = FileChannel.open(OpenedFiles.at(kernel, null), StandardOpenOption.READ)) {
            while (start.hasRemaining() && file.read(start) >= 0) {
                continue;
            }
        } catch (IOException e) {
            requireNoShortage(e);
            LOG.debug("the kernel image cannot be read: {}", e.getMessage());
        }
        boolean isElf = start.position() >= ELF_HEADER && start.getInt(0) == ELF_MAGIC;
        boolean isBzImage = !start.hasRemaining() && start.getInt(HDRS_OFFSET) == HDRS;
        if (!isElf && !isBzImage) {
            throw new ApiException("Start microvm error: System configuration error: Cannot load kernel due to invalid memory "
                    + "configuration or invalid kernel image: Kernel Loader: failed to load ELF kernel image: Kernel Loader: "
                    + (start.position() < ELF_HEADER ? "Unable to read elf header" : "Invalid Elf magic number"));
        }
    }

    /** What the host lacks is no fault of the image's. */
    private static void requireNoShortage(IOException failure) throws ApiException {
        try {
            Shortage.rethrow(failure);
        } catch (IOException lack) {
            throw StartError.of(lack);
        }
    }

    /** What opens and is no file with something in it. */
    private static void requireInitrd(Fd initrd) throws ApiException {
        Path file = OpenedFiles.at(initrd, null);
        String wrong = null;
        try {
            if (Files.isDirectory(file)) {
                wrong = "Cannot load initrd due to an invalid image: " + OsError.text(Errno.EISDIR);
            } else if (!Files.isRegularFile(file) || Files.size(file) == 0) {
                wrong = "Cannot load initrd due to an invalid memory configuration.";
            }
        } catch (IOException e) {
            wrong = "Cannot image metadata: " + OsError.text(e);
        }
        if (wrong != null) {
            throw new ApiException("Start microvm error: Error with initrd initialization: " + wrong + ".");
        }
    }

    /** The host's end of the serial port, for the machine to close. */
    SerialConsole serial(Resources resources) throws ApiException {
        String path = resources.serial.serialOutPath();
        SerialConsole console;
        try {
            console = path == null ? stdio.get() : FileConsole.open(OsError.path(path));
        } catch (IOException e) {
            throw StartError.refused("Failed to create device manager: Error with EventFd: " + OsError.text(e), e);
        }
        RateLimiterConfig limit = new RateLimiterConfig(Limits.toConfig(resources.serial.rateLimiter()), null);
        boolean isLimited = limit.bandwidth() != null && limit.bandwidth().size() != 0;
        return isLimited ? new LimitedConsole(console, limit) : console;
    }

    private static VmConfig toConfig(Resources resources) {
        List<DriveConfig> drives = new ArrayList<>();
        for (Drive drive : resources.drives.all()) {
            drives.add(drive.toConfig());
        }
        List<NetworkInterfaceConfig> networks = new ArrayList<>();
        for (NetworkDevice network : resources.networks.all()) {
            networks.add(network.toConfig());
        }
        EntropyConfig entropy = resources.hasEntropy ? new EntropyConfig(Limits.toConfig(resources.entropyLimits)) : null;
        return new VmConfig(bootSource(resources), drives, resources.machine.toConfig(), null, null,
                resources.vsock == null ? null : resources.vsock.toConfig(), networks, entropy, balloon(resources), null,
                CpuChanges.of(resources.cpuConfig));
    }

    private static BootSourceConfig bootSource(Resources resources) {
        Drive first = resources.drives.all().isEmpty() ? null : resources.drives.all().get(0);
        BootSource boot = resources.bootSource;
        return new BootSourceConfig(boot.body().kernelImagePath(), boot.body().initrdPath(), boot.arguments(moreArguments(first)));
    }

    /** What the kernel is told beyond what was asked for; {@code first} is the first drive, or {@code null}. */
    static String moreArguments(Drive first) {
        return first != null && first.isRoot() ? PCI_OFF + " " + first.rootArguments() : PCI_OFF;
    }

    private static MemoryBalloonConfig balloon(Resources resources) {
        return resources.balloon == null ? null : new MemoryBalloonConfig(resources.balloon.amountMib(), resources.balloon.deflateOnOom(),
                (int) (long) resources.balloon.statsPollingIntervalS(), resources.balloon.freePageHinting(),
                resources.balloon.freePageReporting());
    }

    private static OpenedFiles opened(Resources resources) {
        Map<String, Fd> images = new HashMap<>();
        Map<String, BackEndPort> backEnds = new HashMap<>();
        for (Drive drive : resources.drives.all()) {
            if (drive.isVhostUser()) {
                backEnds.put(drive.id(), drive.backEnd());
            } else {
                images.put(drive.id(), drive.image());
            }
        }
        Map<String, TapInterface> taps = new HashMap<>();
        for (NetworkDevice network : resources.networks.all()) {
            taps.put(network.id(), network.tap());
        }
        return new OpenedFiles(resources.bootSource.kernel(), resources.bootSource.initrd(), images, taps,
                resources.vsock == null ? null : resources.vsock.socket(), backEnds);
    }

    /** What the machine that failed has taken along. */
    private static void reopen(Resources resources) {
        for (Drive drive : resources.drives.all()) {
            again(drive::reopen);
        }
        for (NetworkDevice network : resources.networks.all()) {
            network.close();
            again(network::reopen);
        }
        if (resources.vsock != null) {
            resources.vsock.close();
            again(resources.vsock::reopen);
        }
    }

    /** One that cannot be had keeps no other from being had. */
    private static void again(Reopening reopening) {
        try {
            reopening.reopen();
        } catch (ApiException e) {
            LOG.error("what a machine that did not start had taken cannot be had again: {}", e.getMessage());
        }
    }
}
