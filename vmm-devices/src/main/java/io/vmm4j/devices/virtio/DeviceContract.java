package io.vmm4j.devices.virtio;

import io.vmm4j.devices.virtio.queue.VirtQueue;
import java.util.Optional;

/** What a device must be so that a transport can offer it to a driver: {@link VirtioDevice}, as far as it can be looked at beforehand. */
public final class DeviceContract {

    /** Virtio 1.2, section 2.2: bits 24 to 49 are those of queues, feature negotiation and transports. */
    private static final int FIRST_RESERVED = 24;
    private static final int LAST_RESERVED = 49;

    private DeviceContract() {
    }

    /** What is wrong with {@code device}, in one line without its name; throws what one of its methods throws. */
    public static Optional<String> problemOf(VirtioDevice device) {
        if (device.type() == null) {
            return Optional.of("type() is null");
        }
        if (device.configSpace() == null) {
            return Optional.of("configSpace() is null");
        }
        long features = device.deviceFeatures();
        for (int bit = FIRST_RESERVED; bit <= LAST_RESERVED; bit++) {
            if ((features & VirtioFeatures.mask(bit)) != 0) {
                return Optional.of("deviceFeatures() offers bit " + bit + ": bits " + FIRST_RESERVED + " to " + LAST_RESERVED
                        + " are the transport's, a device has 0 to 23 and 50 to 63");
            }
        }
        return problemOf(device.queueSizeMax());
    }

    private static Optional<String> problemOf(int[] sizes) {
        if (sizes == null) {
            return Optional.of("queueSizeMax() is null");
        }
        boolean hasQueue = false;
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] < 0 || sizes[i] > VirtQueue.MAX_SIZE || Integer.bitCount(sizes[i]) > 1) {
                return Optional.of("queueSizeMax() is " + sizes[i] + " for queue " + i + ", which is neither a power of two up to "
                        + VirtQueue.MAX_SIZE + " nor 0 for no queue");
            }
            hasQueue |= sizes[i] > 0;
        }
        return hasQueue ? Optional.empty() : Optional.of("queueSizeMax() names no queue that is larger than 0");
    }
}
