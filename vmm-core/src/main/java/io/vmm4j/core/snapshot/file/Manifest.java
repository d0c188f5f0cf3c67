package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All that a state file says.
 *
 * @param id      of the snapshot
 * @param base    empty of a full one
 * @param created when it was taken
 * @param label   what it is of
 * @param memory  of its memory file
 * @param machine the machine's own, of which nothing is known here
 */
record Manifest(SnapshotId id, Optional<SnapshotId> base, Instant created, SnapshotLabel label, MemoryTable memory, State machine) {

    private static final int ID_BYTES = 16;
    /** The year 9999, of which people's calendars are full enough. */
    private static final long LAST_MILLI = 253_402_300_799_999L;

    State save() {
        State.Builder state = State.builder().put("id", id.bytes()).put("created", created.toEpochMilli()).put("name", label.name())
                .put("vcpus", label.vcpus()).put("devices", label.saveDevices()).put("memory", memory.save()).put("machine", machine);
        base.ifPresent(its -> state.put("base", its.bytes()));
        return state.build();
    }

    static Manifest restore(State state) throws StateException {
        Optional<SnapshotId> base = state.has("base") ? Optional.of(id(state, "base")) : Optional.empty();
        List<String> devices = new ArrayList<>();
        for (State each : state.parts("devices", 0, SnapshotLabel.MAX_DEVICES)) {
            devices.add(each.text("device", SnapshotLabel.MAX_TEXT));
        }
        SnapshotLabel label = new SnapshotLabel(state.text("name", SnapshotLabel.MAX_TEXT), state.int32("vcpus", 0, SnapshotLabel.MAX_VCPUS), devices);
        return new Manifest(id(state, "id"), base, Instant.ofEpochMilli(state.integer("created", 0, LAST_MILLI)), label, memory(state, base.isPresent()),
                state.part("machine"));
    }

    private static MemoryTable memory(State state, boolean isDiff) throws StateException {
        try {
            return MemoryTable.restore(state.part("memory"), isDiff);
        } catch (StateException e) {
            throw e.in("memory");
        }
    }

    private static SnapshotId id(State state, String name) throws StateException {
        return SnapshotId.of(state.bytes(name, ID_BYTES, ID_BYTES));
    }

    SnapshotInfo info(String program, int format) {
        return new SnapshotInfo(id, base, created, program, format, label, memory.layout().size(), memory.used() << PageSet.PAGE_SHIFT);
    }
}
