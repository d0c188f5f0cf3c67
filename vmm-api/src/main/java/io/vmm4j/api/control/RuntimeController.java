package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.BalloonBody;
import io.vmm4j.api.request.CreateSnapshotBody;
import io.vmm4j.api.request.DriveUpdateBody;
import io.vmm4j.api.request.NetworkUpdateBody;
import io.vmm4j.api.request.RateLimiterBody;
import io.vmm4j.api.request.VmmAction;
import io.vmm4j.api.request.VmmAction.Plain;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.control.DriveControl;
import io.vmm4j.core.control.NetworkControl;
import io.vmm4j.core.host.OpenedFiles;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What requests do to the machine that runs. Confined to the API's thread. */
final class RuntimeController implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RuntimeController.class);
    private static final String NOT_FOUND = "Failed perform action on device: Device not found";
    /** How long a call may take that waits for disks: other requests, and other clients, wait meanwhile. */
    private static final Duration CALL_TIME = Duration.ofMillis(500);

    private final Resources resources;
    private final ApiMetrics metrics;
    private final Vm vm;
    private final BalloonRequests balloon;
    private final SnapshotCreator snapshots;

    /** @param from what the machine went on from, closed with this; {@code null} when it has booted */
    RuntimeController(Resources resources, ApiMetrics metrics, Vm vm, MachineSnapshot from) {
        this.resources = resources;
        this.metrics = metrics;
        this.vm = vm;
        this.balloon = new BalloonRequests(resources, vm);
        this.snapshots = new SnapshotCreator(vm, from);
    }

    /** The guest stands still. */
    boolean isPaused() {
        return vm.state() == VmState.PAUSED;
    }

    /**
     * Does what {@code action} asks for.
     *
     * @return the answer in JSON, {@code null} when there is nothing to say
     */
    String handle(VmmAction action) throws ApiException {
        try {
            if (action instanceof Plain plain) {
                return handle(plain);
            }
            update(action);
            return null;
        } catch (IllegalStateException e) {
            // Its end has come meanwhile.
            throw internal(e.getMessage());
        }
    }

    static ApiException internal(String why) {
        return new ApiException("Internal VMM error: " + why);
    }

    private String handle(Plain action) throws ApiException {
        switch (action) {
            case GET_MACHINE_CONFIG:
                return resources.machineJson();
            case GET_VM_CONFIG:
                return resources.toJson();
            case GET_BALLOON:
                if (resources.balloon == null) {
                    throw internal(NOT_FOUND);
                }
                return resources.balloonJson();
            case GET_BALLOON_STATISTICS:
                return balloon.statistics();
            case GET_HINTING_STATUS:
                return balloon.hintingStatus();
            case STOP_HINTING:
                balloon.stopHinting();
                return null;
            case GET_MMDS, PUT_MMDS, PATCH_MMDS:
                throw new ApiException("MMDS error: The MMDS data store is not initialized.");
            case GET_MEMORY_HOTPLUG:
                throw internal(NOT_FOUND);
            default:
                run(action);
                return null;
        }
    }

    private void run(Plain action) throws ApiException {
        switch (action) {
            case PAUSE -> pause();
            case RESUME -> resume();
            case FLUSH_METRICS -> flushMetrics();
            case SEND_CTRL_ALT_DEL -> {
                if (!vm.sendCtrlAltDel()) {
                    throw internal("I8042 error: i8042 internal buffer full.");
                }
            }
            default -> throw Refusals.afterStart();
        }
    }

    private void pause() {
        long begin = System.nanoTime();
        vm.pause(CALL_TIME);
        noteLatency(metrics, "pause vm", "vmm_pause_vm", begin);
    }

    private void resume() {
        long begin = System.nanoTime();
        vm.resume();
        noteLatency(metrics, "resume vm", "vmm_resume_vm", begin);
    }

    /** What began at {@code begin}, by System.nanoTime, has just been done. */
    static void noteLatency(ApiMetrics metrics, String what, String field, long begin) {
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begin);
        metrics.store("latencies_us", field, micros);
        LOG.info("'{}' VMM action took {} us.", what, micros);
    }

    private void flushMetrics() throws ApiException {
        try {
            metrics.flush();
        } catch (IOException e) {
            throw internal("Metrics error: Failed to write metrics: " + OsError.text(e));
        }
    }

    private void update(VmmAction action) throws ApiException {
        if (action instanceof VmmAction.UpdateDrive update) {
            updateDrive(update.body());
        } else if (action instanceof VmmAction.UpdateNetwork update) {
            updateNetwork(update.body());
        } else if (action instanceof VmmAction.UpdateBalloon update) {
            balloon.update(update.body());
        } else if (action instanceof VmmAction.UpdateBalloonStatistics update) {
            balloon.updateStatistics(update.body());
        } else if (action instanceof VmmAction.StartHinting start) {
            balloon.startHinting(start.body());
        } else if (action instanceof VmmAction.CreateSnapshot create) {
            createSnapshot(create.body());
        } else if (action instanceof VmmAction.UpdatePmem update) {
            if (update.body().rateLimiter() != null) {
                throw new ApiException("Pmem config error: Unable to patch the pmem device: " + NOT_FOUND
                        + " Please verify the request arguments.");
            }
        } else {
            throw refusal(action);
        }
    }

    private ApiException refusal(VmmAction action) {
        if (action instanceof VmmAction.InsertDrive || action instanceof VmmAction.InsertNetwork || action instanceof VmmAction.InsertPmem
                || action instanceof VmmAction.Unplug) {
            return new ApiException("PCI is not enabled");
        }
        if (action instanceof VmmAction.UpdateMemoryHotplug) {
            return new ApiException("Memory hotplug update error: " + NOT_FOUND);
        }
        return Refusals.afterStart();
    }

    private void createSnapshot(CreateSnapshotBody body) throws ApiException {
        if (!isPaused()) {
            throw new ApiException("Create snapshot error: Cannot save the microVM state: Operation not allowed: save/restore unavailable while running");
        }
        long begin = System.nanoTime();
        snapshots.create(body);
        String kind = SnapshotCreator.isDiff(body) ? "diff" : "full";
        noteLatency(metrics, "create " + kind + " snapshot", "vmm_" + kind + "_create_snapshot", begin);
    }

    @Override
    public void close() {
        snapshots.close();
    }

    private void updateDrive(DriveUpdateBody body) throws ApiException {
        Drive drive = resources.drives.get(body.driveId());
        if (drive == null) {
            throw badDrive(NOT_FOUND);
        }
        boolean isNothingNew = body.pathOnHost() == null && body.rateLimiter() == null;
        if (isNothingNew != drive.isVhostUser()) {
            throw badDrive("Block: Running method expected different backend.");
        }
        DriveControl control = vm.drive(body.driveId());
        if (drive.isVhostUser()) {
            await(control.refresh());
            return;
        }
        if (body.pathOnHost() != null) {
            changeImage(drive, control, body.pathOnHost());
        }
        if (body.rateLimiter() != null) {
            await(control.updateRateLimiter(Limits.toConfig(body.rateLimiter())));
            drive.use(body.rateLimiter());
        }
    }

    private static ApiException badDrive(String why) {
        return new ApiException("Drive config error: Unable to patch the block device: " + why + " Please verify the request arguments.");
    }

    private static void changeImage(Drive drive, DriveControl control, String path) throws ApiException {
        String what = "Block: Virtio backend error: Error manipulating the backing file: ";
        Fd image;
        try {
            image = drive.openOther(path);
        } catch (IOException e) {
            throw badDrive(what + OsError.text(e) + " " + path);
        }
        try {
            await(control.updateImage(OpenedFiles.at(image, null), null, CALL_TIME));
            drive.use(path, image);
        } catch (ConfigException | IOException e) {
            image.close();
            throw badDrive(what + e.getMessage() + " " + path);
        } catch (ApiException | RuntimeException e) {
            image.close();
            throw e;
        }
    }

    private void updateNetwork(NetworkUpdateBody body) throws ApiException {
        NetworkDevice network = resources.networks.get(body.ifaceId());
        if (network == null) {
            throw new ApiException("Network config error: Unable to update the net device: " + NOT_FOUND);
        }
        NetworkControl control = vm.networkInterface(body.ifaceId());
        RateLimiterBody rx = body.rxRateLimiter();
        RateLimiterBody tx = body.txRateLimiter();
        if (rx != null) {
            await(control.updateRxRateLimiter(Limits.toConfig(rx)));
        }
        if (tx != null) {
            await(control.updateTxRateLimiter(Limits.toConfig(tx)));
        }
        network.use(rx, tx);
    }

    /** Waits for a device, which answers at once or within a bound of its own. */
    static <T> T await(CompletableFuture<T> answer) throws ApiException {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TimeoutException late) {
                throw internal(late.getMessage() + "."); // it says what, and what has become of it
            }
            throw internal(e.getCause() == null ? e.toString() : e.getCause().toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw internal("interrupted");
        }
    }

    /** The balloon as it is now, for the configuration. */
    static BalloonBody changed(BalloonBody balloon, long amountMib, long interval) {
        return new BalloonBody(amountMib, balloon.deflateOnOom(), interval, balloon.freePageHinting(), balloon.freePageReporting());
    }
}
