package io.vmm4j.devices.virtio.vsock;

/**
 * Resets on their way to the guest that belong to no connection any more. Bounded: the guest's own packets are not
 * looked at while {@link VsockConstants#RESET_BACKLOG} wait, and connections that end add one each. Confined to the event loop.
 */
final class ResetQueue {

    private static final int CAPACITY = 2048;

    private final long[] keys = new long[CAPACITY];
    private final char[] types = new char[CAPACITY];
    private final int[] bufAllocs = new int[CAPACITY];
    private final int[] fwdCnts = new int[CAPACITY];
    /** Of the connection added last. */
    private final VsockHeader last = new VsockHeader();
    private int head;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    /** Whether the guest has to take some before it may cause more. */
    boolean isBackedUp() {
        return size >= VsockConstants.RESET_BACKLOG;
    }

    /** Adds the answer to a packet that was for no connection. */
    void add(VsockHeader packet) {
        put(packet.dstPort, packet.srcPort, packet.type, 0, 0);
    }

    /** Adds the end of {@code connection}. */
    void add(VsockConnection connection) {
        connection.describe(last);
        put(last.srcPort, last.dstPort, last.type, (int) last.bufAlloc, last.fwdCnt);
    }

    private void put(long hostPort, long guestPort, int type, int bufAlloc, int fwdCnt) {
        int at = (head + size) % CAPACITY;
        keys[at] = ConnectionTable.key(hostPort, guestPort);
        types[at] = (char) type;
        bufAllocs[at] = bufAlloc;
        fwdCnts[at] = fwdCnt;
        size++;
    }

    /** Moves the oldest into {@code header}. */
    void take(VsockHeader header) {
        header.srcPort = keys[head] >>> 32;
        header.dstPort = keys[head] & 0xFFFF_FFFFL;
        header.type = types[head];
        header.bufAlloc = bufAllocs[head];
        header.fwdCnt = fwdCnts[head];
        head = (head + 1) % CAPACITY;
        size--;
    }

    void clear() {
        size = 0;
    }
}
