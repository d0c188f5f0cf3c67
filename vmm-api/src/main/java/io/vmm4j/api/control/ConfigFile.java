package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.ConfigFileBody;
import io.vmm4j.api.request.CpuConfigBody;
import io.vmm4j.api.request.DriveBody;
import io.vmm4j.api.request.NetworkBody;
import io.vmm4j.api.request.PmemBody;
import io.vmm4j.api.request.VmmAction;
import io.vmm4j.api.request.VmmAction.Plain;
import io.vmm4j.core.json.SerdeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** A machine that is configured by a file, and started at once: the same requests, in the order in which Firecracker makes them. */
final class ConfigFile {

    private static final String REFUSED = "Configuration for VMM from one single json failed: ";
    private static final String ERROR = " error: ";

    private ConfigFile() {
    }

    /**
     * The requests that {@code text} stands for, without the start.
     *
     * @throws ApiException when it is no configuration
     */
    static List<VmmAction> parse(byte[] text) throws ApiException {
        ConfigFileBody file;
        try {
            file = ConfigFileBody.SHAPE.read(text);
        } catch (SerdeException e) {
            throw new ApiException(REFUSED + "Invalid JSON: " + e.getMessage());
        }
        List<VmmAction> actions = new ArrayList<>();
        add(actions, file.logger() == null ? null : new VmmAction.SetLogger(file.logger()));
        add(actions, file.metrics() == null ? null : new VmmAction.SetMetrics(file.metrics()));
        add(actions, file.machineConfig() == null ? null : new VmmAction.UpdateMachine(file.machineConfig().asUpdate()));
        add(actions, file.cpuConfig() == null ? null : new VmmAction.SetCpuConfig(cpuConfig(file.cpuConfig())));
        add(actions, new VmmAction.SetBootSource(file.bootSource()));
        for (DriveBody drive : file.drives()) {
            add(actions, new VmmAction.InsertDrive(drive));
        }
        for (NetworkBody network : file.networkInterfaces()) {
            add(actions, new VmmAction.InsertNetwork(network));
        }
        add(actions, file.vsock() == null ? null : new VmmAction.SetVsock(file.vsock()));
        add(actions, file.balloon() == null ? null : new VmmAction.SetBalloon(file.balloon()));
        add(actions, file.mmdsConfig() == null ? null : new VmmAction.SetMmdsConfig(file.mmdsConfig()));
        add(actions, file.entropy() == null ? null : new VmmAction.SetEntropy(file.entropy()));
        for (PmemBody pmem : file.pmem()) {
            add(actions, new VmmAction.InsertPmem(pmem));
        }
        add(actions, file.memoryHotplug() == null ? null : new VmmAction.SetMemoryHotplug(file.memoryHotplug()));
        return actions;
    }

    private static void add(List<VmmAction> actions, VmmAction action) {
        if (action != null) {
            actions.add(action);
        }
    }

    private static CpuConfigBody cpuConfig(Object given) throws ApiException {
        if (given instanceof CpuConfigBody body) {
            return body;
        }
        String text;
        try {
            text = Files.readString(OsError.path((String) given), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ApiException(REFUSED + "File operation error: " + OsError.text(e), e);
        }
        try {
            return CpuConfigBody.SHAPE.read(text.getBytes(StandardCharsets.UTF_8));
        } catch (SerdeException e) {
            throw new ApiException(REFUSED + "Invalid JSON: " + e.getMessage(), e);
        }
    }

    /** A refusal of one of the requests, in the words for a file. */
    static ApiException refusal(VmmAction action, ApiException e) {
        String message = e.getMessage();
        int end = message.indexOf(ERROR);
        String inner = end < 0 ? message : message.substring(end + ERROR.length());
        if (action == Plain.START) {
            return new ApiException("Could not Start MicroVM from one single json: " + inner, e);
        }
        return new ApiException(REFUSED + subject(action, end < 0 ? "" : message.substring(0, end)) + ERROR + inner, e);
    }

    private static String subject(VmmAction action, String otherwise) {
        if (action instanceof VmmAction.UpdateMachine) {
            return "VM config";
        }
        if (action instanceof VmmAction.InsertDrive) {
            return "Block device";
        }
        if (action instanceof VmmAction.InsertNetwork) {
            return "Network device";
        }
        if (action instanceof VmmAction.SetVsock) {
            return "Vsock device";
        }
        if (action instanceof VmmAction.SetBalloon) {
            return "Balloon device";
        }
        if (action instanceof VmmAction.InsertPmem) {
            return "Pmem device";
        }
        return action instanceof VmmAction.SetMmdsConfig ? "MMDS config" : otherwise;
    }
}
