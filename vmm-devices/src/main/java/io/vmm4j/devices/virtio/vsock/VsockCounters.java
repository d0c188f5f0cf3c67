package io.vmm4j.devices.virtio.vsock;

import java.util.concurrent.atomic.LongAdder;

/** Counted on the event loop, read by any thread. See {@link VsockStatistics} for the meaning of each. */
final class VsockCounters {

    final LongAdder connections = new LongAdder();
    final LongAdder guestConnections = new LongAdder();
    final LongAdder hostConnections = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder resets = new LongAdder();
    final LongAdder rxBytes = new LongAdder();
    final LongAdder txBytes = new LongAdder();
    final LongAdder malformed = new LongAdder();

    VsockStatistics snapshot() {
        return new VsockStatistics(connections.intValue(), guestConnections.sum(), hostConnections.sum(), refused.sum(), resets.sum(),
            rxBytes.sum(), txBytes.sum(), malformed.sum());
    }
}
