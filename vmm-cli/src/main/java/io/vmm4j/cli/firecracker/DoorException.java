package io.vmm4j.cli.firecracker;

import java.io.IOException;

/** Why the program ends with an error, as the log has it and as standard error has it. */
final class DoorException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String debug;

    /** @param debug the error as Rust's {@code {:?}} writes it */
    DoorException(String message, String debug, Throwable cause) {
        super(message, cause);
        this.debug = debug;
    }

    String debug() {
        return debug;
    }
}
