package io.vmm4j.core.host;

import java.io.IOException;

/**
 * The old name of {@link io.vmm4j.core.console.SerialConsole}, for consoles written before it moved.
 *
 * @deprecated use {@link io.vmm4j.core.console.SerialConsole}
 */
@Deprecated(since = "0.1.0")
public interface SerialConsole extends io.vmm4j.core.console.SerialConsole {

    /** As {@link io.vmm4j.core.console.SerialConsole#attach}, with the port under its old name. */
    void attach(SerialPort port) throws IOException;

    @Override
    default void attach(io.vmm4j.core.console.SerialPort port) throws IOException {
        attach(SerialPort.of(port));
    }
}
