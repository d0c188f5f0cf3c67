package io.vmm4j.core.machine;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.util.ArrayList;
import java.util.List;

/**
 * A device that was added to a running machine, and where.
 *
 * @param slot    the spare place's number
 * @param isDrive a drive; else a network interface
 * @param id      in the configuration
 */
record AddedPlace(int slot, boolean isDrive, String id) {

    private static final int ID_MAX = 1 << 10;

    State toState() {
        return State.builder().put("slot", slot).put("drive", isDrive).put("id", id).build();
    }

    static List<AddedPlace> of(List<State> states) throws StateException {
        List<AddedPlace> places = new ArrayList<>();
        for (State state : states) {
            AddedPlace place = new AddedPlace(state.int32("slot", 0, VirtioPlan.MAX_DEVICES), state.flag("drive"), state.text("id", ID_MAX));
            if (places.stream().anyMatch(other -> other.slot == place.slot)) {
                throw new StateException("slot " + place.slot + " has two devices");
            }
            places.add(place);
        }
        return places;
    }
}
