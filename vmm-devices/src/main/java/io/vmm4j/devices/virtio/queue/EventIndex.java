package io.vmm4j.devices.virtio.queue;

/** The event index rule that both directions share, virtio 1.2 sections 2.7.7.2 and 2.7.10. */
final class EventIndex {

    private static final int MASK = 0xFFFF;

    private EventIndex() {
    }

    /**
     * Whether a free-running 16-bit index that moved from {@code before} to {@code after} passed {@code event}: the
     * element at index {@code event} is among those added.
     */
    static boolean isCrossed(int event, int before, int after) {
        return (after - event - 1 & MASK) < (after - before & MASK);
    }
}
