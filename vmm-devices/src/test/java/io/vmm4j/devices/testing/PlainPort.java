package io.vmm4j.devices.testing;

import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.devices.virtio.net.NetOffload;
import java.util.Set;

/** A port of one pair of queues without offloads; what becomes of frames is the subclass's. Confined to the event loop. */
public abstract class PlainPort implements NetBackend {

    private Listener listener;

    @Override
    public final int queuePairs() {
        return 1;
    }

    @Override
    public final Set<NetOffload> offloads() {
        return Set.of();
    }

    @Override
    public final void start(Listener newListener) {
        listener = newListener;
    }

    @Override
    public final void setOffloads(Set<NetOffload> accepted) {
        // None were offered.
    }

    @Override
    public final void setActivePairs(int pairs) {
        // There is one.
    }

    @Override
    public final void stop() {
        listener = null;
    }

    /** Has the device look for frames, if it is active. */
    public final void tellReadable() {
        if (listener != null) {
            listener.readable(0);
        }
    }
}
