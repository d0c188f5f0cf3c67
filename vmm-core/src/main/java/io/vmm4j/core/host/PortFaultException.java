package io.vmm4j.core.host;

import java.io.IOException;

/** What a network interface stands on failed for a reason of the host's, where nothing is wrong with the configuration: one line. */
public final class PortFaultException extends IOException {
    private static final long serialVersionUID = 1L;

    PortFaultException(String message, Throwable cause) {
        super(message, cause);
    }
}
