package io.vmm4j.core.machine;

import io.vmm4j.core.block.ImageVersion;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A drive's disk when its machine stood still.
 *
 * @param image which image it was on, or over, and what that was like
 */
public record DriveState(ImageVersion image) {

    private static final int ID_MAX = 1 << 10;

    State toState(String id) {
        return State.builder().put("id", id).put("image", image.toState()).build();
    }

    static Map<String, DriveState> of(List<State> states) throws StateException {
        Map<String, DriveState> drives = new LinkedHashMap<>();
        for (State state : states) {
            String id = state.text("id", ID_MAX);
            if (drives.put(id, new DriveState(ImageVersion.of(state.part("image")))) != null) {
                throw new StateException("drives has two called " + id);
            }
        }
        return drives;
    }
}
