package io.vmm4j.cli.firecracker;

/** A command line that cannot be, in one line. */
final class FlagException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int status;

    /** A wrong command line. */
    FlagException(String message) {
        this(FirecrackerExit.ARGUMENTS, message);
    }

    FlagException(int status, String message) {
        super(message);
        this.status = status;
    }

    /** The exit code it is worth. */
    int status() {
        return status;
    }
}
