package io.vmm4j.core;

/** Where a machine is in its life; it only moves down this list. */
public enum VmState {
    /** Built, no guest code has run. */
    CREATED,
    /** The guest runs. */
    RUNNING,
    /** On its way to the end: vCPUs leave the guest, devices finish. */
    STOPPING,
    /** At the end: {@link Vm#await()} has its {@link VmExit}. */
    STOPPED
}
