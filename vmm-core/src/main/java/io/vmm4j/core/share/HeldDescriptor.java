package io.vmm4j.core.share;

import io.vmm4j.kvm.libc.LibC;

/**
 * A descriptor that several threads use, and that is closed when the last lets go: never while a call is under way on it, as its number
 * could be another file's at once. Thread-safe.
 */
abstract class HeldDescriptor implements AutoCloseable {

    private static final int NONE = -1;

    private final int fd;
    private final Descriptors budget;
    private int holds = 1;

    /**
     * @param fd     taken over; negative for none
     * @param budget that it was taken from, and is given back to
     */
    HeldDescriptor(int fd, Descriptors budget) {
        this.fd = fd;
        this.budget = budget;
    }

    /** The descriptor, while it is held. */
    final int fd() {
        return fd;
    }

    /** Holds it; false when it is closed already. */
    final synchronized boolean hold() {
        if (holds == 0) {
            return false;
        }
        holds++;
        return true;
    }

    /** Lets go of it. */
    @Override
    public final void close() {
        synchronized (this) {
            holds--;
            if (holds > 0) {
                return;
            }
        }
        if (fd > NONE) {
            LibC.close(fd);
            budget.give();
        }
        closed();
    }

    /** It is closed, and what hangs on it may be too. */
    void closed() {
        // Nothing does, of most.
    }
}
