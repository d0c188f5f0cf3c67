package io.vmm4j.devices.virtio.queue;

/** A queue as its transport sees it. */
public interface StoppableQueue extends VirtQueue {

    /**
     * Stops the queue for good, as when the driver takes its ready bit back (virtio 1.2, section 4.2.2): polls find
     * nothing any more, pushes reach no ring. Any thread may call it.
     */
    void stop();
}
