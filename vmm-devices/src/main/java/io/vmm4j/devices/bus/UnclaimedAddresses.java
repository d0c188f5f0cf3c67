package io.vmm4j.devices.bus;

/**
 * The first addresses at which no device answered, so that each is logged once and a guest that scans the bus floods
 * neither the log nor memory. Thread-safe; once full, it takes no lock.
 */
final class UnclaimedAddresses {

    /** Distinct addresses remembered, and so logged, over the life of a bus. */
    static final int LIMIT = 32;

    private final long[] addresses = new long[LIMIT];
    /** Written under this object's monitor; elements below it never change again. */
    private volatile int count;

    /** Remembers an address; true when it is new and there was room for it. */
    boolean add(long address) {
        int known = count;
        if (known == LIMIT || isAmong(known, address)) {
            return false;
        }
        synchronized (this) {
            if (count == LIMIT || isAmong(count, address)) {
                return false;
            }
            addresses[count] = address;
            count = count + 1;
            return true;
        }
    }

    int count() {
        return count;
    }

    private boolean isAmong(int known, long address) {
        for (int i = 0; i < known; i++) {
            if (addresses[i] == address) {
                return true;
            }
        }
        return false;
    }
}
