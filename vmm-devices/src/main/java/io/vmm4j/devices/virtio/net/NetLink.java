package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.limit.SparseCount;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all queues of a device share on the host's side: the backend, the counters and whether the link is up. */
final class NetLink {

    private static final Logger LOG = LoggerFactory.getLogger(NetLink.class);

    private final NetBackend backend;
    private final NetConfigSpace space;
    private final NetCounters counters = new NetCounters();
    private final SparseCount failures = new SparseCount();
    /** Whether the guest's cable is in, which is its user's to say; guarded by this. */
    private boolean isPlugged = true;
    /** Whether the port has ended, which is of this process and for ever; guarded by this. */
    private boolean isLost;
    /** Both, as in status; the hot paths ask for it. */
    private volatile boolean up = true;

    NetLink(NetBackend backend, NetConfigSpace space) {
        this.backend = backend;
        this.space = space;
    }

    NetBackend backend() {
        return backend;
    }

    NetCounters counters() {
        return counters;
    }

    boolean isUp() {
        return up;
    }

    synchronized boolean isPlugged() {
        return isPlugged;
    }

    synchronized boolean isLost() {
        return isLost;
    }

    /** Returns whether that changed the status. Any thread. */
    synchronized boolean plug(boolean in) {
        isPlugged = in;
        return update();
    }

    /** As {@link #plug}, when the port has ended. */
    synchronized boolean lose() {
        isLost = true;
        return update();
    }

    private boolean update() {
        up = isPlugged && !isLost;
        return space.setStatus(NetConstants.VIRTIO_NET_S_LINK_UP, up);
    }

    /** The port failed: said now and then. */
    void hostFailed(String operation, IOException cause) {
        long number = failures.next();
        if (number != 0) {
            LOG.warn("virtio-net {}: {} failed, failure {} of this device: {}", space.mac(), operation, number, cause.toString());
        }
    }
}
