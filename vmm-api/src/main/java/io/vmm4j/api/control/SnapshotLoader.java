package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.LoadSnapshotBody;
import io.vmm4j.api.request.NetworkOverrideBody;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmRestore;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.OpenedFiles;
import io.vmm4j.core.host.TapInterface;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.MemoryHandlerException;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * {@code PUT /snapshot/load}: a machine that goes on, paused; its memory comes from a file, or from another process. Of what the snapshot names of the
 * host, images, taps and the vsock device's socket are used, as Firecracker does, and nothing else: what its API has no word for is refused. Confined to
 * the API's thread.
 */
final class SnapshotLoader {

    private static final String STATE_FILE = "Failed to get snapshot state from file: ";
    private static final String STATE = STATE_FILE + "Failed to load snapshot state from file: ";
    private static final String FROM_FILE = "Failed to load guest memory: Error creating guest memory from file: ";
    private static final String FROM_HANDLER = "Failed to load guest memory: Error creating guest memory from uffd: ";
    private static final String CONNECT = "Failed to connect to UDS Unix stream: ";
    private static final String BUILD = "Failed to build microVM from snapshot: ";

    /**
     * What was made.
     *
     * @param vm   paused, or running where that was asked for
     * @param from what it goes on from, for the caller to close; {@code null} where its memory is elsewhere
     */
    record Loaded(Vm vm, MachineSnapshot from) {
    }

    private final MachineStarter starter;

    /** @param starter knows where a serial port goes */
    SnapshotLoader(MachineStarter starter) {
        this.starter = starter;
    }

    /**
     * Makes the machine; {@code resources}, which have nothing but what every start may have, are its then.
     *
     * @throws ApiException why not
     */
    Loaded load(LoadSnapshotBody body, Resources resources) throws ApiException {
        MachineSnapshot snapshot = open(body);
        Map<String, TapInterface> taps = new HashMap<>();
        SerialConsole serial = null;
        boolean isLoaded = false;
        try {
            requireOverridden(body, snapshot.config());
            LoadedConfig.requireKnown(snapshot.config());
            requireMappable(body, snapshot.config());
            Path handler = isHandled(body) ? handler(body.memBackend().backendPath()) : null;
            openTaps(body, snapshot.config(), taps);
            serial = starter.serial(resources);
            VmRestore restore = restore(body, snapshot, taps).serial(serial);
            if (handler != null) {
                restore.memoryHandler(handler);
            }
            Vm vm = start(restore, body.resumeVm());
            fill(new LoadedConfig(restore.toConfig(), taps), resources, vm, body);
            isLoaded = true;
            if (isHandled(body)) {
                snapshot.close(); // no diff can be to memory that is elsewhere
            }
            return new Loaded(vm, isHandled(body) ? null : snapshot);
        } finally {
            if (!isLoaded) {
                if (serial != null) {
                    serial.close();
                }
                taps.values().forEach(TapInterface::close);
                snapshot.close();
            }
        }
    }

    private static void fill(LoadedConfig config, Resources resources, Vm vm, LoadSnapshotBody body) {
        try {
            config.fill(resources, vm, body.trackDirtyPages() || body.enableDiffSnapshots());
        } catch (RuntimeException | Error e) {
            vm.close();
            throw e;
        }
    }

    private static MachineSnapshot open(LoadSnapshotBody body) throws ApiException {
        Path state = opened(body.snapshotPath(), STATE_FILE + "Failed to open snapshot file: ");
        boolean isHandled = isHandled(body);
        Path memory = isHandled ? null : opened(body.memBackend() == null ? body.memFilePath() : body.memBackend().backendPath(),
                FROM_FILE + "Failed to load guest memory: ");
        try {
            return isHandled ? MachineSnapshot.openState(state) : MachineSnapshot.open(state, memory);
        } catch (SnapshotException e) {
            throw refused(STATE + e.getMessage(), e);
        } catch (IOException e) {
            boolean isMemory = e.getMessage() != null && e.getMessage().startsWith(memory + " ") && !memory.equals(state);
            throw refused((isMemory ? FROM_FILE : STATE) + e.getMessage(), e);
        }
    }

    /** Whether another process brings the memory in. */
    private static boolean isHandled(LoadSnapshotBody body) {
        return body.memBackend() != null && body.memBackend().backendType().equals("Uffd");
    }

    private static Path opened(String name, String what) throws ApiException {
        try {
            Path path = OsError.path(name);
            Fd.open(path, Fd.O_RDONLY | Fd.O_NONBLOCK).close();
            return path;
        } catch (IOException e) {
            throw refused(what + OsError.text(e), e);
        }
    }

    private static void requireOverridden(LoadSnapshotBody body, VmConfig config) throws ApiException {
        for (NetworkOverrideBody override : body.networkOverrides()) {
            if (config.networkInterfaces().stream().noneMatch(network -> network.ifaceId().equals(override.ifaceId()))) {
                throw refused("Unknown Network Device.", null);
            }
        }
        if (body.vsockOverride() != null && config.vsock() == null) {
            throw refused("Unknown Vsock Device.", null);
        }
    }

    private static void requireMappable(LoadSnapshotBody body, VmConfig config) throws ApiException {
        if (!isHandled(body) && LoadedConfig.isOnHugePages(config.machineConfig())) {
            throw refused(FROM_FILE + "Failed to restore guest memory: Cannot restore hugetlbfs backed snapshot by mapping the memory file. "
                    + "Please use uffd.", null);
        }
    }

    private static Path handler(String name) throws ApiException {
        try {
            return OsError.path(name);
        } catch (IOException e) {
            throw refused(FROM_HANDLER + CONNECT + OsError.text(e), e);
        }
    }

    private static void openTaps(LoadSnapshotBody body, VmConfig config, Map<String, TapInterface> taps) throws ApiException {
        for (NetworkInterfaceConfig network : config.networkInterfaces()) {
            String name = body.networkOverrides().stream().filter(override -> override.ifaceId().equals(network.ifaceId()))
                    .reduce((first, second) -> second).map(NetworkOverrideBody::hostDevName).orElse(network.hostDevName());
            taps.put(network.ifaceId(), NetworkDevice.openTap(name, BUILD));
        }
    }

    private static VmRestore restore(LoadSnapshotBody body, MachineSnapshot snapshot, Map<String, TapInterface> taps) throws ApiException {
        VmRestore restore = snapshot.restore();
        for (DriveConfig drive : snapshot.config().drives()) {
            // Jails are given copies of images under the names of old: that they are the same is for their user to see to, as at Firecracker.
            restore.drive(drive.driveId(), Path.of(drive.pathOnHost()));
        }
        taps.forEach((id, tap) -> restore.tap(id, tap.name()));
        if (body.vsockOverride() != null) {
            restore.vsock(vsock(body.vsockOverride().udsPath()));
        }
        return restore.writeToImages().moveClock(body.clockRealtime()).trackWrites(body.trackDirtyPages() || body.enableDiffSnapshots())
                .opened(new OpenedFiles(null, null, Map.of(), taps, null));
    }

    private static Path vsock(String name) throws ApiException {
        try {
            return OsError.path(name);
        } catch (IOException e) {
            throw refused(BUILD + OsError.text(e), e);
        }
    }

    private static Vm start(VmRestore restore, boolean isResumed) throws ApiException {
        Vm vm;
        try {
            vm = restore.build();
        } catch (ConfigException e) {
            throw refused(BUILD + e.getMessage(), e);
        } catch (MemoryHandlerException e) {
            boolean isUnreachable = e.getCause() instanceof LinuxException refusal && refusal.call().startsWith("connect(");
            throw refused(FROM_HANDLER + (isUnreachable ? CONNECT + OsError.text((LinuxException) e.getCause()) : e.getMessage()), e);
        } catch (LinuxException e) {
            boolean isKvm = e.call().contains("/dev/kvm");
            throw refused(BUILD + (isKvm ? "Kvm error: Error creating KVM object: " + OsError.text(e) : e.getMessage()), e);
        } catch (IOException e) {
            throw refused(BUILD + e.getMessage(), e);
        }
        try {
            vm.startPaused();
            if (isResumed) {
                vm.resume();
            }
            return vm;
        } catch (IllegalStateException e) {
            vm.close();
            throw new ApiException("Load snapshot error: Failed to resume microVM: " + e.getMessage(), e);
        }
    }

    private static ApiException refused(String why, Exception cause) {
        return new ApiException("Load snapshot error: Failed to restore from snapshot: " + why, cause);
    }
}
