package io.vmm4j.core.machine;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;

/** How something of the embedder's is saved and brought back, guarded: what it throws refuses the snapshot, or the restore, under its name. */
final class GivenState implements Stateful {

    private final GivenPart part;
    private final Stateful saved;

    GivenState(GivenPart part, Stateful saved) {
        this.part = part;
        this.saved = saved;
    }

    /** @throws IllegalStateException when it gives none; the machine goes on */
    @Override
    public State saveState() {
        State state;
        try {
            state = saved.saveState();
        } catch (Throwable e) {
            throw new IllegalStateException(part.name() + ": saveState() threw " + GivenPart.describe(e), e);
        }
        if (state == null) {
            throw new IllegalStateException(part.name() + ": saveState() gave null");
        }
        return state;
    }

    @Override
    public void restoreState(State state) throws StateException {
        try {
            saved.restoreState(state);
        } catch (StateException e) {
            throw e.in(part.name());
        } catch (Throwable e) {
            throw new StateException(part.name() + ": restoreState() threw " + GivenPart.describe(e));
        }
    }

    @Override
    public void afterRestore() {
        try {
            saved.afterRestore();
        } catch (Throwable e) {
            part.failed("afterRestore()", e);
        }
    }
}
