package io.vmm4j.core.machine;

import io.vmm4j.devices.text.Printable;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.VirtioDevice;
import java.util.Objects;
import java.util.function.Function;

/**
 * A virtio device that an embedder brings.
 *
 * @param name  for messages
 * @param maker makes the device, given the machine's event loop, which serves it
 */
public record ExtraDevice(String name, Function<? super EventLoop, ? extends VirtioDevice> maker) {

    public ExtraDevice {
        requireName(name);
        Objects.requireNonNull(maker, "maker");
    }

    /**
     * A name goes into messages and keys, and is to be seen there.
     *
     * @throws IllegalArgumentException when it is blank, or has characters that drive a terminal or break a line
     */
    static void requireName(String name) {
        if (name.isBlank() || !Printable.escape(name).equals(name)) {
            throw new IllegalArgumentException("device name \"" + Printable.escape(name) + "\" must be a text in one line, without control characters");
        }
    }
}
