package io.vmm4j.core.machine;

import io.vmm4j.core.memory.FrozenMemory;

/**
 * A machine that stood still: all that others need to go on from there. Immutable; counts those that hold it. Thread-safe.
 */
public final class FrozenMachine {

    private final MachineState state;
    private final FrozenMemory memory;

    /** @param memory held by the caller, who gives that hold away */
    public FrozenMachine(MachineState state, FrozenMemory memory) {
        this.state = state;
        this.memory = memory;
    }

    /** All but memory and disks. */
    public MachineState state() {
        return state;
    }

    /** The RAM. */
    public FrozenMemory memory() {
        return memory;
    }

    /** One more holder; the caller is one. */
    public FrozenMachine hold() {
        memory.hold();
        return this;
    }

    /** One holder less. */
    public void release() {
        memory.release();
    }
}
