package io.vmm4j.devices.virtio.vsock;

import java.util.function.Consumer;

/**
 * Connections by their two ports: a hash table with open addressing, so that a look-up for each packet allocates
 * nothing. Holds at most {@link VsockConstants#MAX_CONNECTIONS}. Confined to the event loop.
 */
final class ConnectionTable {

    /** A power of two, at least twice the connections. */
    private static final int SLOTS = 2048;
    private static final int MASK = SLOTS - 1;
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    private final VsockConnection[] slots = new VsockConnection[SLOTS];
    private int size;

    /** The key of a pair of ports. */
    static long key(long hostPort, long guestPort) {
        return hostPort << 32 | guestPort;
    }

    int size() {
        return size;
    }

    /** The connection, or {@code null}. */
    VsockConnection get(long key) {
        for (int at = home(key); slots[at] != null; at = at + 1 & MASK) {
            if (slots[at].key() == key) {
                return slots[at];
            }
        }
        return null;
    }

    /** Adds a connection whose key is not there; the caller keeps to the bound. */
    void add(VsockConnection connection) {
        int at = home(connection.key());
        while (slots[at] != null) {
            at = at + 1 & MASK;
        }
        slots[at] = connection;
        size++;
    }

    /** Removes a connection if it is there, and moves those behind it up to where look-ups find them. */
    void remove(VsockConnection connection) {
        int hole = home(connection.key());
        while (slots[hole] != connection) {
            if (slots[hole] == null) {
                return;
            }
            hole = hole + 1 & MASK;
        }
        for (int at = hole + 1 & MASK; slots[at] != null; at = at + 1 & MASK) {
            int distance = at - home(slots[at].key()) & MASK;
            if (distance >= (at - hole & MASK)) {
                slots[hole] = slots[at];
                hole = at;
            }
        }
        slots[hole] = null;
        size--;
    }

    /** Calls {@code action} for each connection there is now; it may remove connections. */
    void forEach(Consumer<VsockConnection> action) {
        VsockConnection[] present = new VsockConnection[size];
        int count = 0;
        for (VsockConnection connection : slots) {
            if (connection != null) {
                present[count++] = connection;
            }
        }
        for (VsockConnection connection : present) {
            action.accept(connection);
        }
    }

    private static int home(long key) {
        return (int) (key * MIX >>> Long.SIZE - Integer.numberOfTrailingZeros(SLOTS));
    }
}
