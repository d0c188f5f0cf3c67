package io.vmm4j.devices.virtio.net;

import java.util.concurrent.atomic.LongAdder;

/** Counted on the event loop, read by any thread. See {@link NetStatistics} for the meaning of each. */
final class NetCounters {

    final LongAdder rxFrames = new LongAdder();
    final LongAdder rxBytes = new LongAdder();
    final LongAdder rxDropped = new LongAdder();
    final LongAdder rxNoBuffer = new LongAdder();
    final LongAdder rxThrottled = new LongAdder();
    final LongAdder txFrames = new LongAdder();
    final LongAdder txBytes = new LongAdder();
    final LongAdder txMalformed = new LongAdder();
    final LongAdder txOversize = new LongAdder();
    final LongAdder txFailed = new LongAdder();
    final LongAdder txThrottled = new LongAdder();
    final LongAdder linkDropped = new LongAdder();

    NetStatistics snapshot() {
        return new NetStatistics(rxFrames.sum(), rxBytes.sum(), rxDropped.sum(), rxNoBuffer.sum(), rxThrottled.sum(), txFrames.sum(),
            txBytes.sum(), txMalformed.sum(), txOversize.sum(), txFailed.sum(), txThrottled.sum(), linkDropped.sum());
    }
}
