package io.vmm4j.core.snapshot;

import java.io.IOException;
import java.nio.file.Path;

/** A machine's memory cannot be had from its handler: one line that names the handler's socket and why. */
public final class MemoryHandlerException extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * @param socket the handler's
     * @param what   went wrong with it
     * @param cause  the host's refusal, or {@code null}
     */
    public MemoryHandlerException(Path socket, String what, IOException cause) {
        super("memory handler " + socket + ": " + what, cause);
    }
}
