package io.vmm4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmm4j.core.Vm;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.control.ControlAction;
import io.vmm4j.core.control.DeviceChangeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What other processes may ask of a running machine's devices by its control socket. The actions to insert are dbs-cli's, with
 * a JSON list as a text in {@code config}; those to remove are not.
 *
 * <pre>
 * {"action": "insert_virblks", "config": "[{\"drive_id\": \"data\", \"path_on_host\": \"/img\"}]"}
 * {"action": "insert_virnets", "config": "[{\"iface_id\": \"eth\", \"host_dev_name\": \"tap0\"}]"}
 * {"action": "remove_virblk", "drive_id": "data"}
 * {"action": "remove_virnet", "iface_id": "eth"}
 * {"action": "patch_fs", "config": "{\"ops\": \"mount\", \"tag\": \"data\", \"source\": \"/dir\", \"mountpoint\": \"/a\"}"}
 * </pre>
 *
 * <p>The devices of a list are added one after the other, up to the first that is not; those before it stay, and are named then.
 */
final class DeviceActions {

    static final String INSERT_VIRBLKS = "insert_virblks";
    static final String INSERT_VIRNETS = "insert_virnets";
    static final String REMOVE_VIRBLK = "remove_virblk";
    static final String REMOVE_VIRNET = "remove_virnet";
    static final String PATCH_FS = "patch_fs";
    static final String CONFIG = "config";
    static final String DRIVE_ID = "drive_id";
    static final String IFACE_ID = "iface_id";

    private final Supplier<Vm> machine;

    private DeviceActions(Supplier<Vm> machine) {
        this.machine = machine;
    }

    /** The actions on a machine, by their names; what {@code machine} throws refuses them. */
    static Map<String, ControlAction> of(Supplier<Vm> machine) {
        DeviceActions actions = new DeviceActions(machine);
        return Map.of(INSERT_VIRBLKS, with(CONFIG, actions::insertDrives), INSERT_VIRNETS, with(CONFIG, actions::insertNetworks),
                REMOVE_VIRBLK, with(DRIVE_ID, request -> actions.removeDrive(text(request, DRIVE_ID))),
                REMOVE_VIRNET, with(IFACE_ID, request -> actions.removeNetwork(text(request, IFACE_ID))),
                PATCH_FS, with(CONFIG, actions::patchFs),
                "insert_host_device", request -> refuse("devices of the host cannot be handed to a guest"));
    }

    /** An action whose request has {@code key} beside its name, and nothing else: what dbs-cli sends, too. */
    private static ControlAction with(String key, ControlAction action) {
        return request -> {
            request.fieldNames().forEachRemaining(given -> {
                if (!given.equals(key) && !given.equals("action")) {
                    throw new IllegalArgumentException("unknown key \"" + given + "\", known are action, " + key);
                }
            });
            return action.carryOut(request);
        };
    }

    private static CompletableFuture<Void> refuse(String why) {
        throw new IllegalArgumentException(why);
    }

    private static String text(JsonNode request, String key) {
        JsonNode value = request.path(key);
        if (!value.isTextual() || value.asText().isEmpty()) {
            throw new IllegalArgumentException(key + " must be a text, and is "
                    + (value.isMissingNode() ? "missing" : value.isTextual() ? "empty" : "of another type"));
        }
        return value.asText();
    }

    private CompletableFuture<Void> insertDrives(JsonNode request) {
        DeviceLists lists = read(text(request, CONFIG), null);
        return inOrder(lists.drives().stream().map(drive -> "drive " + drive.driveId()).toList(), i -> {
            try {
                return machine.get().addDrive(lists.drives().get(i));
            } catch (ConfigException e) {
                throw refusal(e, "drives." + lists.drives().get(i).driveId(), "drives[" + i + "]", lists);
            }
        });
    }

    private CompletableFuture<Void> insertNetworks(JsonNode request) {
        DeviceLists lists = read(null, text(request, CONFIG));
        return inOrder(lists.networks().stream().map(network -> "network interface " + network.ifaceId()).toList(), i -> {
            try {
                return machine.get().addNetworkInterface(lists.networks().get(i));
            } catch (ConfigException e) {
                throw refusal(e, "network-interfaces." + lists.networks().get(i).ifaceId(), "network-interfaces[" + i + "]", lists);
            }
        });
    }

    private static DeviceLists read(String drives, String networks) {
        List<String> problems = new ArrayList<>();
        DeviceLists lists = new DeviceLists(drives, networks, null,
                (option, place, message) -> problems.add(message + " (" + CONFIG + place + ")"));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", problems));
        }
        return lists;
    }

    /**
     * One step after the other, up to the first that fails.
     *
     * @param names of what each adds
     * @throws IllegalArgumentException what the first step throws, or that there is none
     */
    static CompletableFuture<Void> inOrder(List<String> names, IntFunction<CompletableFuture<Void>> step) {
        if (names.isEmpty()) {
            throw new IllegalArgumentException("the list is empty");
        }
        CompletableFuture<Void> all = step.apply(0);
        for (int i = 1; i < names.size(); i++) {
            int next = i;
            all = all.thenCompose(done -> later(names.subList(0, next), () -> step.apply(next)));
        }
        return all;
    }

    /** A step that fails when others are done, which its failure tells. */
    private static CompletableFuture<Void> later(List<String> done, Supplier<CompletableFuture<Void>> step) {
        CompletableFuture<Void> begun;
        try {
            begun = step.get();
        } catch (IllegalArgumentException | IllegalStateException e) {
            begun = CompletableFuture.failedFuture(e);
        }
        return begun.exceptionallyCompose(failure -> {
            Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            return CompletableFuture.failedFuture(new DeviceChangeException(cause.getMessage() + "; added before it: " + String.join(", ", done)));
        });
    }

    /** The problems in a line, in the words of the list; {@code key} is what they have for {@code place}. */
    private static IllegalArgumentException refusal(ConfigException problems, String key, String place, DeviceLists lists) {
        return new IllegalArgumentException(problems.problems().stream().map(problem -> worded(problem, key, place, lists)).collect(Collectors.joining("; ")));
    }

    private static String worded(ConfigProblem problem, String key, String place, DeviceLists lists) {
        String field = problem.key().startsWith(key + ".") ? lists.placeOf(place + problem.key().substring(key.length()), lists.drives(), 0) : null;
        return field == null ? problem.toString() : problem.message() + " (" + CONFIG + field.replaceFirst("^--[a-z]+", "") + ")";
    }

    private CompletableFuture<Void> patchFs(JsonNode request) {
        DbsPatchFs.read(text(request, CONFIG)).carryOut(machine.get());
        return CompletableFuture.completedFuture(null);
    }

    private CompletableFuture<Void> removeDrive(String id) {
        try {
            return machine.get().removeDrive(id);
        } catch (NoSuchElementException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private CompletableFuture<Void> removeNetwork(String id) {
        try {
            return machine.get().removeNetworkInterface(id);
        } catch (NoSuchElementException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }
}
