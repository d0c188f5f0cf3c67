package io.vmm4j.core.memory;

import io.vmm4j.kvm.libc.Fd;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file with pages of guest RAM that nobody writes any more, in memory or on a disk: byte {@code n} of the RAM is at {@link #base} + n.
 * Shared by all that hold it, and closed by the last. What is mapped of it stays so. Thread-safe.
 */
public final class FrozenFile {

    private final Fd fd;
    private final long base;
    private final AtomicInteger holders = new AtomicInteger(1);

    /**
     * Held by the caller.
     *
     * @param fd   open for reading
     * @param base of byte 0, whole pages
     */
    public FrozenFile(Fd fd, long base) {
        this.fd = fd;
        this.base = base;
    }

    /** Open for reading. */
    public Fd fd() {
        return fd;
    }

    /** Where byte 0 of the RAM is. */
    public long base() {
        return base;
    }

    /** One more holder; the caller is one. */
    FrozenFile hold() {
        holders.incrementAndGet();
        return this;
    }

    /** One holder less. */
    void release() {
        if (holders.decrementAndGet() == 0) {
            fd.close();
        }
    }
}
