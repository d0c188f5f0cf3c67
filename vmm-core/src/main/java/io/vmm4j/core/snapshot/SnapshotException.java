package io.vmm4j.core.snapshot;

/** A machine that cannot be saved as it is, or put back to a snapshot; one line that names what is in the way. The machine goes on. */
public final class SnapshotException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param message one line that names what is in the way */
    public SnapshotException(String message) {
        super(message);
    }
}
