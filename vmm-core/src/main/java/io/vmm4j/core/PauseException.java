package io.vmm4j.core;

/** The guest was not paused: something of its machine did not come to a stand in time, which the message names. All goes on as before. */
public final class PauseException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    /** @param message one line */
    public PauseException(String message) {
        super(message);
    }
}
