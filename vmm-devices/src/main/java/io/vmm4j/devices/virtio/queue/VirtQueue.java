package io.vmm4j.devices.virtio.queue;

import java.util.Optional;

/**
 * The device's side of one virtqueue (virtio 1.2, section 2.6 and on). Set up by the transport; single-threaded: owned by the
 * thread that serves the queue.
 */
public interface VirtQueue {

    /** Most elements of a queue, sections 2.7 and 2.8. */
    int MAX_SIZE = 32768;

    /** Size of the queue in elements, as the driver set it. */
    int size();

    /** Where the driver has put the queue, checked, for a device that has another process serve it; empty for a queue that is no driver's. */
    default Optional<QueueAddresses> addresses() {
        return Optional.empty();
    }

    /**
     * Whether the driver has taken the queue back (section 4.2.2.2): its buffers are not to be touched any more, those held included.
     * Once true, stays true. Any thread.
     */
    default boolean isStopped() {
        return false;
    }

    /**
     * Takes the next available chain, wholly validated.
     *
     * @return the chain, or {@code null} when the queue is empty or stopped; valid until it is pushed or put back. Several may be held at
     *     once, at most {@link #size()}
     * @throws VirtQueueException on an available index that ran away, a descriptor loop, an index or range that does not exist
     */
    DescriptorChain poll() throws VirtQueueException;

    /** Puts the chain polled last back, for a later poll (rate limiting). */
    void undoPoll();

    /**
     * Gives a chain back to the driver. One that was polled from another queue, such as this one's forerunner before a reset, is
     * dropped: its driver is gone.
     *
     * @param bytesWritten bytes written to the device-writable part, from its start
     */
    void pushUsed(DescriptorChain chain, long bytesWritten) throws VirtQueueException;

    /**
     * Gives several chains back at once: the driver sees none of them before all are there, as a network driver needs for
     * the buffers of one merged frame (virtio 1.2, section 5.1.6.4).
     *
     * @param chains       the first {@code count} are given back, in this order
     * @param bytesWritten of each chain, as above
     */
    void pushUsed(DescriptorChain[] chains, long[] bytesWritten, int count) throws VirtQueueException;

    /** Whether the driver wants to hear of the chains pushed since the last call: NO_INTERRUPT, or used_event (sections 2.7.7, 2.7.10). */
    boolean needsInterrupt() throws VirtQueueException;

    /** Asks for notifications again; true = chains came meanwhile, so poll again. */
    boolean enableNotifications() throws VirtQueueException;

    /** Tells the driver that notifications are not needed for now (a hint). */
    void disableNotifications() throws VirtQueueException;
}
