package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.serial.SerialSink;

/** A console with nobody at the host's end: output is dropped as fast as it comes, and nothing is typed. */
public final class SilentConsole implements SerialConsole, SerialSink {

    @Override
    public SerialSink output() {
        return this;
    }

    @Override
    public void attach(SerialPort port) {
        // Nothing will ever be sent to it.
    }

    @Override
    public boolean hasRoom() {
        return true;
    }

    @Override
    public void write(int octet) {
        // Nobody reads it.
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
