package io.vmm4j.devices.virtio;

/** How a device tells its driver (virtio 1.2, section 2.3). Thread-safe; never blocks, never throws. */
public interface VirtioInterrupt {

    /** Used buffer notification. Call when {@link io.vmm4j.devices.virtio.queue.VirtQueue#needsInterrupt()} says so. */
    void usedBuffer(int queueIndex);

    /** Configuration change notification; moves the configuration generation on. */
    void configChanged();

    /** Sets DEVICE_NEEDS_RESET (section 2.1.2) and notifies: the driver broke a rule of the queue and the device stops. */
    void needsReset();
}
