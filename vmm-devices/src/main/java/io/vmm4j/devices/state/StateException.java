package io.vmm4j.devices.state;

/** A saved state that cannot be: its message names the value, what it is and what it may be. */
public final class StateException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param message one line that names the value */
    public StateException(String message) {
        super(message);
    }

    /** The same about a part of something larger: {@code part: message}. */
    public StateException in(String part) {
        return new StateException(part + ": " + getMessage());
    }
}
