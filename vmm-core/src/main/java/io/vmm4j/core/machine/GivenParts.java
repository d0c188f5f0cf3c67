package io.vmm4j.core.machine;

import io.vmm4j.core.host.SerialConsole;
import java.util.List;

/**
 * What an embedder brings along for a machine, in place of or beside what the configuration says.
 *
 * @param serial  the host's end of the first serial port, or {@code null} for the configuration's
 * @param console the host's end of a virtio console, or {@code null} for the configuration's
 * @param devices virtio devices, behind those of the configuration
 */
public record GivenParts(SerialConsole serial, SerialConsole console, List<ExtraDevice> devices) {

    public GivenParts {
        devices = List.copyOf(devices);
    }
}
