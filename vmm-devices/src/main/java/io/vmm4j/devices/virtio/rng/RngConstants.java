package io.vmm4j.devices.virtio.rng;

/** Numbers of the entropy device, virtio 1.2 section 5.4. It has neither feature bits nor a configuration space. */
final class RngConstants {

    /** Virtqueue: requestq. */
    static final int QUEUE_REQUEST = 0;
    /** Largest size of the queue. */
    static final int QUEUE_SIZE = 256;
    /** Most bytes given a request; the specification allows less than the buffer holds. */
    static final int MAX_REQUEST = 64 * 1024;
    /** Requests served in one turn of the event loop: a mebibyte of random bytes at most. */
    static final int BATCH = 16;

    private RngConstants() {
    }
}
