package io.vmm4j.core.machine;

import io.vmm4j.core.config.VmConfig;
import io.vmm4j.devices.state.State;
import java.util.List;

/**
 * What had been added to a machine when it stood still.
 *
 * @param config   of the machine with that
 * @param places   where it was
 * @param dialogue what guest and host had said to each other about it
 */
record HotState(VmConfig config, List<AddedPlace> places, State dialogue) {
}
