package io.vmm4j.core;

/** Why a machine came to its end. */
public enum VmExitReason {
    /** The guest powered itself off. */
    POWEROFF,
    /** The guest asked for a reset: by the keyboard controller, the ACPI reset register or a KVM system event. */
    RESET,
    /** The host asked for it: {@link Vm#stop}, the console's escape, a signal. */
    STOPPED,
    /** The guest took a triple fault (KVM_EXIT_SHUTDOWN). */
    TRIPLE_FAULT,
    /** The guest's kernel said that it panicked; then it ended in whatever way, or had time to. */
    GUEST_PANIC,
    /** KVM could not go on with the guest (KVM_EXIT_INTERNAL_ERROR, KVM_EXIT_FAIL_ENTRY). */
    KVM_ERROR,
    /** A system call of the host failed. */
    HOST_ERROR,
    /**
     * A device or a console that the embedder brought along did what it must not: the message names it and
     * {@link VmExit#cause} is what it threw.
     */
    DEVICE_FAULT,
    /** A fault of the monitor itself; its stack is in the log. */
    BUG
}
