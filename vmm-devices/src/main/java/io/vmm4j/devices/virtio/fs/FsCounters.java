package io.vmm4j.devices.virtio.fs;

import java.util.concurrent.atomic.LongAdder;

/** Counted by the queues' loops, read by any thread. See {@link FsStatistics} for the meaning of each. */
final class FsCounters {

    final LongAdder requests = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder notifications = new LongAdder();
    private final LongAdder reads = new LongAdder();
    private final LongAdder readBytes = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder writtenBytes = new LongAdder();

    void read(long length) {
        reads.increment();
        readBytes.add(length);
    }

    void wrote(long length) {
        writes.increment();
        writtenBytes.add(length);
    }

    FsStatistics snapshot() {
        return new FsStatistics(requests.sum(), reads.sum(), readBytes.sum(), writes.sum(), writtenBytes.sum(), refused.sum(), notifications.sum());
    }
}
