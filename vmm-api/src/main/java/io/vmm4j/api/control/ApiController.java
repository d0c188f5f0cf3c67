package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.LoadSnapshotBody;
import io.vmm4j.api.request.VmmAction;
import io.vmm4j.api.request.VmmAction.Plain;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.snapshot.MachineSnapshot;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The machine behind the API: first collected, then running. Confined to the API's thread, but for {@link #started}. */
public final class ApiController implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ApiController.class);

    private final String id;
    private final String version;
    private final Resources resources = new Resources();
    private final ApiMetrics metrics;
    private final PrebootController preboot;
    private final MachineStarter starter;
    private final CompletableFuture<Vm> started = new CompletableFuture<>();
    private final CompletableFuture<VmExit> loadFailed = new CompletableFuture<>();
    /** {@code null} before the start. */
    private RuntimeController runtime;

    /**
     * @param id      the instance's
     * @param version of Firecracker whose answers these are
     * @param log     what {@code /logger} changes
     * @param metrics what {@code /metrics} changes
     * @param starter makes the machine
     */
    public ApiController(String id, String version, ApiLog log, ApiMetrics metrics, MachineStarter starter) {
        this.id = id;
        this.version = version;
        this.metrics = metrics;
        this.preboot = new PrebootController(resources, log, metrics);
        this.starter = starter;
    }

    /**
     * Does what {@code action} asks for.
     *
     * @return the answer in JSON, {@code null} when there is nothing to say
     * @throws ApiException when it cannot be
     */
    public String handle(VmmAction action) throws ApiException {
        if (action == Plain.GET_INFO) {
            return info();
        }
        if (action == Plain.GET_VERSION) {
            return JsonText.of("firecracker_version", version);
        }
        if (runtime != null) {
            return runtime.handle(action);
        }
        if (loadFailed.isDone()) {
            throw new ApiException(loadFailed.getNow(null).message());
        }
        if (action == Plain.START) {
            Vm vm = starter.start(resources);
            run(vm, null);
            return null;
        }
        if (action instanceof VmmAction.LoadSnapshot load) {
            load(load.body());
            return null;
        }
        return preboot.handle(action);
    }

    private void run(Vm vm, MachineSnapshot from) {
        resources.release();
        runtime = new RuntimeController(resources, metrics, vm, from);
        metrics.started(vm);
        started.complete(vm);
    }

    private void load(LoadSnapshotBody body) throws ApiException {
        preboot.requireLoadable();
        long begin = System.nanoTime();
        try {
            SnapshotLoader.Loaded loaded = new SnapshotLoader(starter).load(body, resources);
            run(loaded.vm(), loaded.from());
        } catch (ApiException e) {
            loadFailed.complete(new VmExit(VmExitReason.HOST_ERROR, e.getMessage(), e));
            throw e;
        } catch (RuntimeException | Error e) {
            ApiException refusal = new ApiException("Load snapshot error: Failed to restore from snapshot: internal error: " + e, e);
            LOG.error("a snapshot's load met a fault", e);
            loadFailed.complete(new VmExit(VmExitReason.HOST_ERROR, refusal.getMessage(), e));
            throw refusal;
        }
        RuntimeController.noteLatency(metrics, "load snapshot", "vmm_load_snapshot", begin);
    }

    /**
     * Configures the machine by a configuration file, and starts it. Before the API's thread has the controller.
     *
     * @param file the file's text, in UTF-8
     * @throws ApiException in Firecracker's words for what is wrong with such a file
     */
    public void boot(byte[] file) throws ApiException {
        for (VmmAction action : ConfigFile.parse(file)) {
            handleOf(action);
        }
        handleOf(Plain.START);
        LOG.info("Successfully started microvm that was configured from one single json");
    }

    private void handleOf(VmmAction action) throws ApiException {
        try {
            handle(action);
        } catch (ApiException e) {
            throw ConfigFile.refusal(action, e);
        }
    }

    private String info() {
        JsonText json = new JsonText();
        json.begin();
        json.field("id", id);
        json.field("state", runtime == null ? "Not started" : runtime.isPaused() ? "Paused" : "Running");
        json.field("vmm_version", version);
        json.field("app_name", "Firecracker");
        json.end();
        return json.toString();
    }

    /** Metrics are configured already, by an option of the command line for one. */
    public void metricsConfigured() {
        preboot.metricsConfigured();
    }

    /** The machine, once it was started. Any thread. */
    public CompletableFuture<Vm> started() {
        return started;
    }

    /** Completes when a snapshot could not be loaded, which is the end, as at Firecracker. Any thread. */
    public CompletableFuture<VmExit> loadFailed() {
        return loadFailed;
    }

    /** Closes what was opened for the machine, which has ended or was never started. */
    @Override
    public void close() {
        if (runtime != null) {
            runtime.close();
        }
        resources.close();
    }
}
