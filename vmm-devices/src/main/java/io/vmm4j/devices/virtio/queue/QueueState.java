package io.vmm4j.devices.virtio.queue;

/** What the states of both ring formats share. */
final class QueueState {

    /** Name: the index of the next chain to take. Free-running 16 bits; a packed ring has none of its own. */
    static final String NEXT_AVAIL = "nextAvail";
    /** Name: the index of the next chain to give back, free-running 16 bits; or in a packed ring its element, in one of two laps. */
    static final String NEXT_USED = "nextUsed";
    /** Name: chains, or elements, given back that no interrupt was considered for. */
    static final String UNSIGNALLED = "unsignalled";

    private QueueState() {
    }

    static void requireLastHeld(ChainPool chains) {
        if (!chains.areLastHeld()) {
            throw new IllegalStateException("a chain is held that was polled before one that was given back");
        }
    }
}
