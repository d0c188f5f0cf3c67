package io.vmm4j.core.control;

import java.io.IOException;

/** Nobody listens at a control socket, or there is none: the machine has ended, or never was. */
public final class NoMachineException extends IOException {

    private static final long serialVersionUID = 1;

    NoMachineException(String message, Throwable cause) {
        super(message, cause);
    }
}
