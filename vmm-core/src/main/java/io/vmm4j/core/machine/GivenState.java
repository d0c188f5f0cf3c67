package io.vmm4j.core.machine;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;

/** The state of an embedder's device, guarded: what its code throws is told under the device's name, and is no fault of the monitor's. */
final class GivenState implements Stateful {

    private final GivenPart part;
    private final Stateful device;

    GivenState(GivenPart part, Stateful device) {
        this.part = part;
        this.device = device;
    }

    /** @throws IllegalStateException when the device does not give it; the machine goes on */
    @Override
    public State saveState() {
        State state;
        try {
            state = device.saveState();
        } catch (Throwable e) {
            throw new IllegalStateException(part.name() + ": saveState() threw " + e, e);
        }
        if (state == null) {
            throw new IllegalStateException(part.name() + ": saveState() gave null");
        }
        return state;
    }

    @Override
    public void restoreState(State state) throws StateException {
        try {
            device.restoreState(state);
        } catch (StateException e) {
            throw e;
        } catch (Throwable e) {
            throw new StateException("restoreState() threw " + e);
        }
    }

    @Override
    public void afterRestore() {
        try {
            device.afterRestore();
        } catch (Throwable e) {
            part.failed("afterRestore()", e);
        }
    }
}
