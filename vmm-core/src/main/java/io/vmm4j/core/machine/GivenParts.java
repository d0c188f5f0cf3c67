package io.vmm4j.core.machine;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.OpenedFiles;
import java.util.List;
import java.util.function.Consumer;

/**
 * What an embedder brings along for a machine, in place of or beside what the configuration says.
 *
 * @param serial  the host's end of the first serial port, or {@code null} for the configuration's
 * @param console the host's end of a virtio console, or {@code null} for the configuration's
 * @param devices virtio devices, behind those of the configuration
 * @param busDevices devices on the buses, behind the machine's own
 * @param opened  files and sockets of the configuration that are open already
 * @param onBooted what a boot timer calls, or {@code null} for a machine without one
 * @param guestLog takes each line that the guest prints on its second serial port, or {@code null}
 */
public record GivenParts(SerialConsole serial, SerialConsole console, List<ExtraDevice> devices, List<ExtraBusDevice> busDevices,
        OpenedFiles opened, Runnable onBooted, Consumer<? super String> guestLog) {

    public GivenParts {
        devices = List.copyOf(devices);
        busDevices = List.copyOf(busDevices);
    }

    /** Without anybody who reads the guest's log, and without devices on the buses. */
    public GivenParts(SerialConsole serial, SerialConsole console, List<ExtraDevice> devices, OpenedFiles opened, Runnable onBooted) {
        this(serial, console, devices, List.of(), opened, onBooted, null);
    }
}
