package io.vmm4j.devices.virtio;

import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a device does about a driver that breaks a rule of a queue: it says so once in its life, asks for a reset
 * (virtio 1.2, section 2.1.2) and serves nothing until it comes. Confined to the event loop.
 */
public final class DriverFault {

    private static final Logger LOG = LoggerFactory.getLogger(DriverFault.class);

    private final VirtioDeviceType type;
    private final Runnable whenBroken;
    private VirtioInterrupt interrupt;
    private boolean broken;
    private final AtomicBoolean warned;

    /** @param type names the device in the log */
    public DriverFault(VirtioDeviceType type) {
        this(type, () -> { });
    }

    /**
     * @param type       names the device in the log
     * @param whenBroken runs on the event loop when the device stops, amid whatever was going on
     */
    public DriverFault(VirtioDeviceType type, Runnable whenBroken) {
        this(type, whenBroken, new AtomicBoolean());
    }

    private DriverFault(VirtioDeviceType type, Runnable whenBroken, AtomicBoolean warned) {
        this.type = type;
        this.whenBroken = whenBroken;
        this.warned = warned;
    }

    /** One for another queue of the same device, which is served by a loop of its own: it does the same, and the two say so once. */
    public DriverFault sibling() {
        return new DriverFault(type, whenBroken, warned);
    }

    /** Begins an activation, whose faults are told through {@code interrupt}. */
    public void arm(VirtioInterrupt newInterrupt) {
        interrupt = newInterrupt;
        broken = false;
    }

    /** Ends the activation. */
    public void disarm() {
        interrupt = null;
        broken = false;
    }

    /** The driver broke a rule: the device stops. */
    public void report(VirtQueueException cause) {
        if (interrupt == null || broken) {
            return;
        }
        broken = true;
        if (warned.compareAndSet(false, true)) {
            LOG.warn("virtio {}: the driver broke a rule, device needs reset: {}", type, cause.getMessage());
        }
        interrupt.needsReset();
        whenBroken.run();
    }

    /** Whether the device waits for a reset. */
    public boolean isBroken() {
        return broken;
    }
}
