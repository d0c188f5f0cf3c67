package io.vmm4j.api.control;

import io.vmm4j.api.request.LoggerBody;
import java.io.IOException;

/** Where the log goes, and which of it. The front door that sets the log up brings it; one of its own may be without. */
public interface ApiLog {

    /**
     * Goes over to {@code config}: what is {@code null} in it stays as it is, but for the level, which is Info then. All of
     * it, or nothing.
     *
     * @throws IOException when the file cannot be opened; a {@link io.vmm4j.kvm.libc.LinuxException} where the host says why
     */
    void configure(LoggerBody config) throws IOException;
}
