package io.vmm4j.devices.virtio;

/**
 * Decides when a request of the guest may pass: the seam between a queue and a rate limiter. Asked on the event loop
 * once per request and again after each refusal.
 */
@FunctionalInterface
public interface RequestGate {

    /** Lets everything pass. */
    RequestGate OPEN = bytes -> 0;

    /**
     * Asks to pass with one operation of {@code bytes}; what it costs is taken when it may.
     *
     * @return 0 when it may pass now, else the nanoseconds after which asking again is worth it
     */
    long admit(long bytes);
}
