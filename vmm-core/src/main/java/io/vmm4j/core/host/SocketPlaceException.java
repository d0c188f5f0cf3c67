package io.vmm4j.core.host;

import java.io.IOException;

/**
 * A socket cannot be made at the path that was asked for: another process listens there, something else is there, or its directory is
 * missing or not to be written to. Whoever asked can choose another path. The message is one line that names this one.
 */
public final class SocketPlaceException extends IOException {

    private static final long serialVersionUID = 1L;

    SocketPlaceException(String message, Throwable cause) {
        super(message, cause);
    }
}
