package io.vmm4j.core;

/**
 * How a machine ended.
 *
 * @param reason  why
 * @param message one line for a person: what happened, with the guest's RIP and CR2 where KVM gives them
 */
public record VmExit(VmExitReason reason, String message) {

    /** True when the guest or the host ended the machine in order. */
    public boolean isOrderly() {
        return switch (reason) {
            case POWEROFF, RESET, STOPPED -> true;
            case TRIPLE_FAULT, GUEST_PANIC, KVM_ERROR, HOST_ERROR, BUG -> false;
        };
    }
}
