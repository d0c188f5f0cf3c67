package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.time.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A write to QueueNotify on its way to the event loop. However often the guest writes, at most one task waits per
 * queue.
 */
final class DeferredNotify implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(DeferredNotify.class);

    private final VirtioMmioTransport transport;
    private final EventLoop loop;
    private final int index;
    private final AtomicBoolean waiting = new AtomicBoolean();

    DeferredNotify(VirtioMmioTransport transport, EventLoop loop, int index) {
        this.transport = transport;
        this.loop = loop;
        this.index = index;
    }

    /** Any thread. */
    void request() {
        if (!waiting.compareAndSet(false, true)) {
            return;
        }
        try {
            loop.execute(this);
        } catch (RejectedExecutionException e) {
            LOG.debug("notification of queue {} dropped, the device's loop has ended", index);
        }
    }

    /** Lowers the flag first: a notification that comes while the queue is being run causes another run. */
    @Override
    public void run() {
        waiting.set(false);
        transport.notifyQueue(index);
    }
}
