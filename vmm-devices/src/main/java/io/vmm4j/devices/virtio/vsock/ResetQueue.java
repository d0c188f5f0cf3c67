package io.vmm4j.devices.virtio.vsock;

/**
 * Resets on their way to the guest that belong to no connection any more. Bounded: the guest's own packets are not
 * looked at while {@link VsockConstants#RESET_BACKLOG} wait, and connections that end add one each. Confined to the event loop.
 */
final class ResetQueue {

    private static final int CAPACITY = 2048;

    private final long[] keys = new long[CAPACITY];
    private final char[] types = new char[CAPACITY];
    private int head;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    /** Whether the guest has to take some before it may cause more. */
    boolean isBackedUp() {
        return size >= VsockConstants.RESET_BACKLOG;
    }

    void add(long hostPort, long guestPort, int type) {
        int at = (head + size) % CAPACITY;
        keys[at] = ConnectionTable.key(hostPort, guestPort);
        types[at] = (char) type;
        size++;
    }

    /** Moves the oldest into {@code header}. */
    void take(VsockHeader header) {
        header.srcPort = keys[head] >>> 32;
        header.dstPort = keys[head] & 0xFFFF_FFFFL;
        header.type = types[head];
        head = (head + 1) % CAPACITY;
        size--;
    }

    void clear() {
        size = 0;
    }
}
