package io.vmm4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.core.DeviceChanges;
import io.vmm4j.core.Vm;
import io.vmm4j.core.control.ControlClient;
import io.vmm4j.core.control.DeviceChangeException;
import io.vmm4j.core.control.NoMachineException;
import io.vmm4j.core.control.VcpuResizeException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The command that changes a running machine, by the socket that was made with it: what the options say, one after the other in
 * dbs-cli's order, up to the first that is not done.
 */
final class UpdateCommand {

    private static final String PATH_ON_HOST = "path_on_host";
    private static final String STREAM = "stream";
    private static final String BACKEND = "backend";
    private static final List<CliOption> CHANGES = List.of(CliOption.VCPU_RESIZE, CliOption.REMOVE_VIRNET, CliOption.REMOVE_VIRBLK,
            CliOption.VIRNETS, CliOption.VIRBLKS, CliOption.PATCH_FS);

    private final Consumer<String> errors;

    /** @param errors takes a line for each thing that is wrong */
    UpdateCommand(Consumer<String> errors) {
        this.errors = errors;
    }

    /** Does what the options say. */
    ExitCode run(Arguments arguments) {
        List<String> problems = new ArrayList<>(arguments.problems());
        if (CHANGES.stream().noneMatch(option -> isGiven(option, arguments) || arguments.garbled().contains(option))) {
            problems.add("what to change is required (" + CliOption.VCPU_RESIZE.longName() + ", " + CliOption.VIRBLKS.longName() + ", "
                    + CliOption.VIRNETS.longName() + ", " + CliOption.REMOVE_VIRBLK.longName() + " or " + CliOption.REMOVE_VIRNET.longName() + ")");
        }
        int count = count(arguments, problems);
        DeviceLists lists = new DeviceLists(arguments, (option, place, message) -> problems.add(message + " (" + option.longName() + place + ")"));
        if (!problems.isEmpty()) {
            problems.forEach(errors);
            return ExitCode.USAGE;
        }
        List<RunningMachine> meant;
        try {
            meant = RunningMachine.meantBy(arguments, errors);
        } catch (IOException e) {
            errors.accept(e.getMessage());
            return ExitCode.HOST_ERROR;
        }
        return meant.isEmpty() ? ExitCode.USAGE : changeAll(meant.get(0), count, lists, arguments);
    }

    private ExitCode changeAll(RunningMachine machine, int count, DeviceLists lists, Arguments arguments) {
        Thread hook = new Thread(() -> errors.accept("machine " + machine.label() + " goes on with the change it was asked for; nobody waits for it any more"),
                "vmm-signal");
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            return changeInOrder(machine, count, lists, arguments);
        } catch (IllegalStateException e) {
            // A signal ends the process already, before anything was asked for.
            return ExitCode.HOST_ERROR;
        } finally {
            removeUnlessRun(hook);
        }
    }

    private static void removeUnlessRun(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // It runs.
            return;
        }
    }

    private ExitCode changeInOrder(RunningMachine machine, int count, DeviceLists lists, Arguments arguments) {
        ExitCode code = ExitCode.OK;
        for (int i = 0; i < CHANGES.size() && code == ExitCode.OK; i++) {
            if (isGiven(CHANGES.get(i), arguments)) {
                code = tryToChange(CHANGES.get(i), machine, count, lists, arguments);
            }
        }
        return code;
    }

    private static boolean isGiven(CliOption option, Arguments arguments) {
        String value = arguments.value(option);
        return value != null && !value.isEmpty();
    }

    private ExitCode tryToChange(CliOption change, RunningMachine machine, int count, DeviceLists lists, Arguments arguments) {
        try {
            change(change, machine, count, lists, arguments.value(change));
            return ExitCode.OK;
        } catch (IllegalArgumentException e) {
            // Those about lists say where in them, by the request's key.
            String message = e.getMessage().replaceAll("\\(" + DeviceActions.CONFIG + "(?=[\\[)])", "(" + arguments.nameOf(change));
            errors.accept(message + (message.endsWith(")") ? "" : " (" + arguments.nameOf(change) + ")"));
            return ExitCode.USAGE;
        } catch (NoMachineException e) {
            errors.accept(machine.whyNotThere() + socketOption(arguments));
            return ExitCode.HOST_ERROR;
        } catch (VcpuResizeException | DeviceChangeException e) {
            errors.accept(e.getMessage().replace("(machine-config.spare_devices)", "(" + CliOption.SPARE_DEVICES.longName() + " of the machine)"));
            return ExitCode.HOST_ERROR;
        } catch (IOException e) {
            errors.accept(e.getMessage() + socketOption(arguments));
            return ExitCode.HOST_ERROR;
        }
    }

    private static void change(CliOption change, RunningMachine machine, int count, DeviceLists lists, String value)
            throws IOException, VcpuResizeException, DeviceChangeException {
        switch (change) {
            case VCPU_RESIZE -> client(machine, Vm.VCPU_RESIZE_TIME).resizeVcpus(count);
            case VIRBLKS -> client(machine, time(lists.drives().size())).changeDevices(DeviceActions.INSERT_VIRBLKS,
                    Map.of(DeviceActions.CONFIG, withWholePaths(value)));
            case VIRNETS -> client(machine, time(lists.networks().size())).changeDevices(DeviceActions.INSERT_VIRNETS,
                    Map.of(DeviceActions.CONFIG, withWholePaths(value)));
            case REMOVE_VIRBLK -> client(machine, time(1)).changeDevices(DeviceActions.REMOVE_VIRBLK, Map.of(DeviceActions.DRIVE_ID, value));
            case REMOVE_VIRNET -> client(machine, time(1)).changeDevices(DeviceActions.REMOVE_VIRNET, Map.of(DeviceActions.IFACE_ID, value));
            case PATCH_FS -> client(machine, time(0)).changeDevices(DeviceActions.PATCH_FS, Map.of(DeviceActions.CONFIG, value));
            default -> throw new IllegalStateException("not a change: " + change);
        }
    }

    /** Beyond what the machine itself waits for its guest. */
    private static ControlClient client(RunningMachine machine, Duration time) {
        return machine.client(time.plusSeconds(10));
    }

    /** A device may have to be found and then forgotten. */
    private static Duration time(int devices) {
        return DeviceChanges.TIME.multipliedBy(2L * devices);
    }

    private static String socketOption(Arguments arguments) {
        return arguments.value(CliOption.API_SOCK_PATH) == null ? "" : " (" + arguments.nameOf(CliOption.API_SOCK_PATH) + ")";
    }

    /** The list of disks or network devices, for a process that may be in another directory. */
    private static String withWholePaths(String json) {
        try {
            JsonNode list = new ObjectMapper().readTree(json);
            for (JsonNode device : list) {
                makeWhole(device, PATH_ON_HOST);
                makeWhole(device, STREAM);
                makeWhole(device.path(BACKEND), STREAM);
            }
            return list.toString();
        } catch (JsonProcessingException | InvalidPathException e) {
            return json; // for the machine to refuse
        }
    }

    private static void makeWhole(JsonNode node, String key) {
        if (node instanceof ObjectNode fields && fields.path(key).isTextual() && !fields.path(key).asText().isEmpty()) {
            fields.put(key, Path.of(fields.path(key).asText()).toAbsolutePath().toString());
        }
    }

    private static int count(Arguments arguments, List<String> problems) {
        String text = arguments.value(CliOption.VCPU_RESIZE);
        try {
            return text == null || text.isEmpty() ? 0 : Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            problems.add("vcpu count \"" + text + "\" is not a whole number of 32 bits (" + arguments.nameOf(CliOption.VCPU_RESIZE) + ")");
            return 0;
        }
    }
}
