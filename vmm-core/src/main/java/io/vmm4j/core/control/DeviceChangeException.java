package io.vmm4j.core.control;

/** A running machine has not taken a device, or not given it back; the message says why. */
public final class DeviceChangeException extends Exception {

    private static final long serialVersionUID = 1;

    /** @param message one line for a person */
    public DeviceChangeException(String message) {
        super(message);
    }
}
