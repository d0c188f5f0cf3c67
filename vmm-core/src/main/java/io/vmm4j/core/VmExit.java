package io.vmm4j.core;

/**
 * How a machine ended.
 *
 * @param reason  why
 * @param message one line for a person: what happened, with the guest's RIP and CR2 where KVM gives them
 * @param cause   what was thrown, or {@code null} where nothing was
 */
public record VmExit(VmExitReason reason, String message, Throwable cause) {

    /** An end without a cause to throw. */
    public VmExit(VmExitReason reason, String message) {
        this(reason, message, null);
    }

    /** True when the guest or the host ended the machine in order. */
    public boolean isOrderly() {
        return switch (reason) {
            case POWEROFF, RESET, STOPPED -> true;
            case TRIPLE_FAULT, GUEST_PANIC, KVM_ERROR, HOST_ERROR, DEVICE_FAULT, BUG -> false;
        };
    }
}
