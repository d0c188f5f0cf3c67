package io.vmm4j.core.metrics;

import java.util.concurrent.atomic.LongAdder;

/** Counted by the vCPU threads, read by any. See {@link VcpuMetrics} for the meaning of each. */
public final class ExitCounts {

    /** Reads of I/O ports. */
    public final LongAdder ioIn = new LongAdder();
    /** Writes to I/O ports. */
    public final LongAdder ioOut = new LongAdder();
    /** Reads of device windows. */
    public final LongAdder mmioRead = new LongAdder();
    /** Writes to device windows. */
    public final LongAdder mmioWrite = new LongAdder();

    /** From 0 on. */
    public ExitCounts() {
        // Counted by who has it.
    }

    /** How it stands now. */
    public VcpuMetrics snapshot() {
        return new VcpuMetrics(ioIn.sum(), ioOut.sum(), mmioRead.sum(), mmioWrite.sum());
    }
}
