package io.vmm4j.core.rootfs;

import java.io.IOException;

/** What was given cannot become a root file system: one line that says why. */
public final class RootfsException extends IOException {

    private static final long serialVersionUID = 1;

    public RootfsException(String message) {
        super(message);
    }

    RootfsException(String message, Throwable cause) {
        super(message, cause);
    }
}
