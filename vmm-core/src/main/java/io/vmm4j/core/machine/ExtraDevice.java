package io.vmm4j.core.machine;

import io.vmm4j.devices.virtio.VirtioDevice;

/**
 * A virtio device that an embedder brings.
 *
 * @param name   for messages
 * @param device served by the machine's event loop
 */
public record ExtraDevice(String name, VirtioDevice device) {
}
