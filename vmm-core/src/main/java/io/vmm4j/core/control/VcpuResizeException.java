package io.vmm4j.core.control;

/** The guest has not gone over to the number of vCPUs asked for, or not wholly; the message says why. */
public final class VcpuResizeException extends Exception {

    private static final long serialVersionUID = 1;

    /** @param message one line for a person */
    public VcpuResizeException(String message) {
        super(message);
    }
}
