package io.vmm4j.devices.virtio;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import java.util.List;

/**
 * All that a device needs to work, handed over at DRIVER_OK.
 *
 * @param memory         guest RAM
 * @param queues         by virtqueue number; {@code null} elements are queues the driver did not enable
 * @param interrupt      how to tell the driver
 * @param driverFeatures the features acknowledged, a subset of those offered; bit i = feature i
 */
public record VirtioActivation(GuestMemory memory, List<VirtQueue> queues, VirtioInterrupt interrupt, long driverFeatures) {

    /** True when the driver acknowledged feature {@code bit} (a bit number, 0 to 63). */
    public boolean hasFeature(int bit) {
        return (driverFeatures >>> bit & 1) != 0;
    }
}
