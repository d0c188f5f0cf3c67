package io.vmm4j.core.block.qcow2;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory that tables of all open images of this process may take together: those opened first have what they came to use, and as an image is
 * closed others may have its share. Thread-safe.
 */
final class TableMemory {

    /** 64 MiB: the L2 entries of 512 GiB in clusters of 64 KiB, of 128 GiB in those of 16 KiB. The one of this process. */
    static final TableMemory OF_PROCESS = new TableMemory((64 << 20) / TableCache.SLICE);

    private final AtomicInteger left;

    /** @param slices that may be taken */
    TableMemory(int slices) {
        left = new AtomicInteger(slices);
    }

    /** Takes one slice; false when there is none left. */
    boolean take() {
        return left.getAndUpdate(slices -> Math.max(0, slices - 1)) > 0;
    }

    /** Gives slices back. */
    void give(int slices) {
        left.addAndGet(slices);
    }

    int left() {
        return left.get();
    }
}
