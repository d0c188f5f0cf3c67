package io.vmm4j.devices.time;

/**
 * A one-shot timer of an {@link EventLoop}; its action runs on the loop's thread.
 *
 * <p>Confined to the event loop it came from.
 */
public interface LoopTimer extends AutoCloseable {

    /**
     * Arms the timer, replacing an earlier setting.
     *
     * @param delayNanos nanoseconds from now until the action runs; 0 or less means as soon as possible
     */
    void arm(long delayNanos);

    /** Forgets a pending expiry; after it returns the action does not run until the timer is armed again. */
    void disarm();

    /** Disarms the timer for good and gives back what it holds. A second call does nothing. */
    @Override
    void close();
}
