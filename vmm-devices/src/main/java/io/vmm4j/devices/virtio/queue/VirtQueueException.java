package io.vmm4j.devices.virtio.queue;

/**
 * A driver broke a rule of the virtqueue. The guest's fault: checked, without a stack trace, stopped at the device,
 * which logs it once and asks to be reset.
 */
public final class VirtQueueException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param message the rule and the value that broke it, with hex addresses */
    public VirtQueueException(String message) {
        super(message, null, false, false);
    }
}
