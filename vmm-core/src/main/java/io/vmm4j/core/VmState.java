package io.vmm4j.core;

import java.util.Locale;

/** Where a machine is in its life; it only moves down this list, but for the way back from a pause. */
public enum VmState {
    /** Built, no guest code has run. */
    CREATED,
    /** The guest runs. */
    RUNNING,
    /** The guest stands still: {@link Vm#resume()} lets it go on. */
    PAUSED,
    /** On its way to the end: vCPUs leave the guest, devices finish. */
    STOPPING,
    /** At the end: {@link Vm#await()} has its {@link VmExit}. */
    STOPPED;

    /** As people read it. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
