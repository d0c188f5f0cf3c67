package io.vmm4j.core.machine;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.VirtioDevice;
import java.util.function.Function;

/**
 * A virtio device that an embedder brings.
 *
 * @param name  for messages
 * @param maker makes the device, given the machine's event loop, which serves it
 */
public record ExtraDevice(String name, Function<? super EventLoop, ? extends VirtioDevice> maker) {
}
