package io.vmm4j.core.machine;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VmConfigJson;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.ClockState;
import io.vmm4j.kvm.InterruptState;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All of a machine but its memory and its disks, as it stood still. Immutable.
 *
 * @param config     the machine as it was, with what had been added to it
 * @param added      what had been added since its start, and where
 * @param dialogue   what guest and host have said to each other about added devices
 * @param vcpus      those that there were, from the lowest index up
 * @param interrupts KVM's interrupt controllers and its interval timer
 * @param clock      KVM's clock
 * @param parts      the devices, by the names of {@link SavedParts}
 * @param drives     by drive id, which image each was on and what it was like
 */
public record MachineState(VmConfig config, List<AddedPlace> added, State dialogue, List<SavedVcpu> vcpus, InterruptState interrupts,
        ClockState clock, Map<String, State> parts, Map<String, DriveState> drives) {

    private static final int TEXT_MAX = 1 << 20;
    private static final int NAME_MAX = 1 << 10;
    private static final int VCPUS_MAX = 4096;
    private static final int PARTS_MAX = 1024;

    public MachineState {
        added = List.copyOf(added);
        vcpus = List.copyOf(vcpus);
        parts = Map.copyOf(parts);
        drives = Map.copyOf(drives);
    }

    /** For a file. */
    public State toState() {
        return State.builder().put("config", VmConfigJson.write(config))
                .put("added", added.stream().map(AddedPlace::toState).toList()).put("dialogue", dialogue)
                .put("vcpus", vcpus.stream().map(SavedVcpu::toState).toList())
                .put("interrupts", KvmStates.toState(interrupts)).put("clock", KvmStates.toState(clock))
                .put("parts", named(parts))
                .put("drives", drives.entrySet().stream().map(drive -> drive.getValue().toState(drive.getKey())).toList()).build();
    }

    private static List<State> named(Map<String, State> parts) {
        return parts.entrySet().stream().map(part -> State.builder().put("name", part.getKey()).put("state", part.getValue()).build()).toList();
    }

    /**
     * From a file, which may be anybody's.
     *
     * @throws StateException naming what cannot be
     */
    public static MachineState of(State state) throws StateException {
        List<AddedPlace> added = AddedPlace.of(state.parts("added", 0, PARTS_MAX));
        List<SavedVcpu> vcpus = SavedVcpu.of(state.parts("vcpus", 1, VCPUS_MAX));
        Map<String, State> parts = new LinkedHashMap<>();
        for (State part : state.parts("parts", 0, PARTS_MAX)) {
            if (parts.put(part.text("name", NAME_MAX), part.part("state")) != null) {
                throw new StateException("parts has two called " + part.text("name", NAME_MAX));
            }
        }
        return new MachineState(config(state.text("config", TEXT_MAX)), added, state.part("dialogue"), vcpus,
                KvmStates.interrupts(state.part("interrupts")), KvmStates.clock(state.part("clock")), parts,
                DriveState.of(state.parts("drives", 0, PARTS_MAX)));
    }

    private static VmConfig config(String text) throws StateException {
        try {
            if (namesFiles(text)) {
                throw new StateException("config has the path of a file in place of what is in it");
            }
            VmConfig config = VmConfigJson.parse(text, "config");
            config.check(); // before anybody calculates with what it says
            return config;
        } catch (ConfigException e) {
            throw new StateException(e.getMessage());
        }
    }

    /** Whether {@code cpu-config} is a text: the reader of configurations would open the file. What is no JSON is the reader's to refuse. */
    private static boolean namesFiles(String text) {
        try (JsonParser parser = new JsonFactory().createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean isIt = parser.currentName().equals("cpu-config");
                if (parser.nextToken() == JsonToken.VALUE_STRING && isIt) {
                    return true;
                }
                parser.skipChildren();
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }
}
