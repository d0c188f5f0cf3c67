package io.vmm4j.core.console;

import io.vmm4j.devices.serial.SerialSink;
import java.io.IOException;

/**
 * The host's end of the guest's first serial port, or of its virtio console. An embedder may write its own;
 * {@link CapturedConsole} is for tests and scripts, and {@link io.vmm4j.core.config.SerialConfig} has those that the command line offers.
 */
public interface SerialConsole extends AutoCloseable {

    /** Takes what the guest prints. Called on vCPU threads, or the event loop; never blocks. The same object at every call. */
    SerialSink output();

    /**
     * Connects the console; called once, before the guest runs. From here on input may be delivered to {@code port}.
     *
     * @throws IOException when the terminal or socket refuses; nothing is left changed then
     */
    void attach(SerialPort port) throws IOException;

    /**
     * Writes out what is still buffered, waiting a bounded time for a slow reader, and puts back every setting
     * changed. A second call does nothing.
     */
    @Override
    void close();
}
