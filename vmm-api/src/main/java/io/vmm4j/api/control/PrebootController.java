package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.BalloonBody;
import io.vmm4j.api.request.MachineUpdateBody;
import io.vmm4j.api.request.VmmAction;
import io.vmm4j.api.request.VmmAction.Plain;
import io.vmm4j.api.request.VsockBody;
import java.io.IOException;

/** What requests do before the machine starts. Confined to the API's thread. */
final class PrebootController {

    /** The most whose pages of 4 KiB are counted by 32 bits. */
    private static final long BALLOON_MAX_MIB = 0xFFFF_FFFFL / 256;

    private final Resources resources;
    private final ApiLog log;
    private final ApiMetrics metrics;
    /** Whether something was set that a snapshot brings along itself. */
    private boolean isForBoot;
    private boolean hasMetrics;

    PrebootController(Resources resources, ApiLog log, ApiMetrics metrics) {
        this.resources = resources;
        this.log = log;
        this.metrics = metrics;
    }

    /**
     * Does what {@code action} asks for, but for the start.
     *
     * @return the answer in JSON, {@code null} when there is nothing to say
     */
    String handle(VmmAction action) throws ApiException {
        if (action instanceof Plain plain) {
            return get(plain);
        }
        isForBoot |= !isForEveryStart(action);
        set(action);
        return null;
    }

    /** Refuses a snapshot once something was set that it brings along itself. */
    void requireLoadable() throws ApiException {
        if (isForBoot) {
            throw new ApiException("Load snapshot error: Loading a microVM snapshot not allowed after configuring boot-specific resources.");
        }
    }

    /** Metrics are configured already, by an option of the command line for one. */
    void metricsConfigured() {
        hasMetrics = true;
    }

    private static boolean isForEveryStart(VmmAction action) {
        return action instanceof VmmAction.SetLogger || action instanceof VmmAction.SetMetrics || action instanceof VmmAction.SetSerial
                || action instanceof VmmAction.SetCpuConfig || isForRunning(action);
    }

    /** Of a machine that runs. */
    private static boolean isForRunning(VmmAction action) {
        return action instanceof VmmAction.UpdateDrive || action instanceof VmmAction.UpdateNetwork || action instanceof VmmAction.UpdatePmem
                || action instanceof VmmAction.Unplug || action instanceof VmmAction.UpdateBalloon
                || action instanceof VmmAction.UpdateBalloonStatistics || action instanceof VmmAction.StartHinting
                || action instanceof VmmAction.UpdateMemoryHotplug || action instanceof VmmAction.CreateSnapshot;
    }

    private String get(Plain action) throws ApiException {
        switch (action) {
            case GET_MACHINE_CONFIG:
                return resources.machineJson();
            case GET_VM_CONFIG:
                return resources.toJson();
            case GET_BALLOON:
                if (resources.balloon == null) {
                    throw new ApiException("Balloon config error: No balloon device found.");
                }
                return resources.balloonJson();
            case GET_MMDS, PUT_MMDS, PATCH_MMDS:
                throw Refusals.absent("MMDS", "the microVM metadata service is");
            default:
                throw Refusals.beforeStart();
        }
    }

    private void set(VmmAction action) throws ApiException {
        if (isForRunning(action)) {
            throw Refusals.beforeStart();
        }
        if (action instanceof VmmAction.SetBootSource set) {
            BootSource next = BootSource.open(set.body());
            if (resources.bootSource != null) {
                resources.bootSource.close();
            }
            resources.bootSource = next;
        } else if (action instanceof VmmAction.UpdateMachine update) {
            updateMachine(update.body());
        } else if (action instanceof VmmAction.SetCpuConfig set) {
            resources.cpuConfig = set.body();
            resources.machine = resources.machine.withoutTemplate();
        } else if (action instanceof VmmAction.InsertDrive insert) {
            resources.drives.insert(insert.body());
        } else if (action instanceof VmmAction.InsertNetwork insert) {
            resources.networks.insert(insert.body());
        } else if (action instanceof VmmAction.SetVsock set) {
            setVsock(set.body());
        } else if (action instanceof VmmAction.SetBalloon set) {
            setBalloon(set.body());
        } else if (action instanceof VmmAction.SetEntropy set) {
            resources.hasEntropy = true;
            resources.entropyLimits = Limits.kept(set.body().rateLimiter());
        } else if (action instanceof VmmAction.SetSerial set) {
            resources.serial = set.body();
        } else {
            setOther(action);
        }
    }

    private void setOther(VmmAction action) throws ApiException {
        if (action instanceof VmmAction.SetLogger set) {
            try {
                log.configure(set.body());
            } catch (IOException e) {
                throw new ApiException("Logger error: Failed to open target file: " + OsError.text(e), e);
            }
        } else if (action instanceof VmmAction.SetMetrics set) {
            setMetrics(set);
        } else {
            throw AbsentDevices.refusal(action, resources);
        }
    }

    /** Of a custom and a static template the last one counts. */
    private void updateMachine(MachineUpdateBody change) throws ApiException {
        MachineSettings next = resources.machine.with(change);
        boolean isBelowBalloon = resources.balloon != null
                && Long.compareUnsigned(next.memSizeMib(), resources.balloon.amountMib()) < 0;
        if (isBelowBalloon) {
            throw MachineSettings.refused("The memory size (MiB) is smaller than the previously set balloon device target size.");
        }
        if (change.cpuTemplate() != null) {
            resources.cpuConfig = null;
        }
        resources.machine = next;
    }

    private void setVsock(VsockBody body) throws ApiException {
        Vsock before = resources.vsock;
        resources.vsock = null;
        if (before != null) {
            before.remove();
        }
        resources.vsock = Vsock.open(body);
    }

    private void setBalloon(BalloonBody body) throws ApiException {
        if (Long.compareUnsigned(body.amountMib(), resources.machine.memSizeMib()) > 0) {
            throw new ApiException("Balloon config error: Amount of pages requested is too large.");
        }
        if (body.amountMib() > BALLOON_MAX_MIB) {
            throw new ApiException("Balloon config error: Error creating the balloon device: Requested memory should be less than "
                    + BALLOON_MAX_MIB + "MiB");
        }
        resources.balloon = body;
    }

    /** The file is opened, and made, before it turns out that there is one. */
    private void setMetrics(VmmAction.SetMetrics set) throws ApiException {
        try {
            if (hasMetrics) {
                metrics.check(set.body());
                throw badMetrics("Reinitialization of metrics not allowed.", null);
            }
            metrics.open(set.body());
            hasMetrics = true;
        } catch (IOException e) {
            throw badMetrics(OsError.text(e), e);
        }
    }

    private static ApiException badMetrics(String why, Throwable cause) {
        return new ApiException("Metrics error: Cannot initialize the metrics system due to bad user input: " + why, cause);
    }
}
