package io.vmm4j.core.control;

import java.io.IOException;

/** A machine has refused what was asked of it, or has tried it in vain. */
public final class ControlRefusedException extends IOException {

    private static final long serialVersionUID = 1;

    ControlRefusedException(String message) {
        super(message);
    }
}
