package io.vmm4j.devices.virtio.balloon;

import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands ranges to the backend and keeps count; a host that refuses is logged and survived. Thread-safe as the backend is. */
final class MemoryReturn {

    private static final Logger LOG = LoggerFactory.getLogger(MemoryReturn.class);

    private final BalloonBackend backend;
    private final SparseCount failures = new SparseCount();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder refused = new LongAdder();

    MemoryReturn(BalloonBackend backend) {
        this.backend = backend;
    }

    /**
     * Hands over the device-writable part of a chain, as far as a turn of the event loop goes: the host takes a while over gigabytes.
     *
     * @return false when something is left of it, for another call
     */
    boolean discard(DescriptorChain chain) {
        int left = BalloonConstants.MAX_TURN;
        for (int i = 0; i < chain.writableCount(); i++) {
            ByteBuffer view = chain.writable(i);
            int end = view.limit();
            int part = Math.min(view.remaining(), left);
            int next = view.position() + part;
            discard(view.limit(next));
            view.limit(end).position(next);
            left -= part;
            if (view.hasRemaining()) {
                return false;
            }
        }
        return true;
    }

    void discard(ByteBuffer range) {
        int length = range.remaining();
        if (length == 0) {
            return;
        }
        try {
            backend.discard(range);
            bytes.add(length);
        } catch (IOException e) {
            refused.increment();
            long number = failures.next();
            if (number != 0) {
                LOG.warn("virtio-balloon: the host did not take back {} bytes, failure {} of this device: {}", length, number, e.toString());
            }
        }
    }

    /** Ranges that the host did not take back so far. */
    long refused() {
        return refused.sum();
    }

    /** Bytes handed back so far. */
    long bytes() {
        return bytes.sum();
    }
}
