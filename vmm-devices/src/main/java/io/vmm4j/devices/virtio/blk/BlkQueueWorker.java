package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.LoopBarrier;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one queue of a block device on that queue's own loop. Its state is confined to the loop, but for the flags.
 */
final class BlkQueueWorker implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(BlkQueueWorker.class);

    /** Requests served before the driver is told and the loop's other tasks have their turn. */
    private static final int BATCH = 64;

    private final VirtioBlk device;
    private final int index;
    private final EventLoop loop;
    private final BlkExecutor executor;
    private final RateLimiter limiter;
    private final BlkRequest request = new BlkRequest();
    /** A run waits on the loop; however often the guest kicks, at most one does. */
    private final AtomicBoolean waiting = new AtomicBoolean();
    /** Set by a reset, so that a guest that keeps the queue full cannot delay it. */
    private volatile boolean stopping;

    private VirtQueue queue;
    private VirtioInterrupt interrupt;
    /** Runs when the rate limiter may admit the next request; made when it first refuses one. */
    private LoopTimer admission;
    private boolean throttled;

    BlkQueueWorker(VirtioBlk device, int index, EventLoop loop, BlkExecutor executor, RateLimiter limiter) {
        this.device = device;
        this.index = index;
        this.loop = loop;
        this.executor = executor;
        this.limiter = limiter;
    }

    /** Hands the queue over; what was asked of the loop before sees none. */
    void start(VirtioActivation activation) {
        VirtQueue next = activation.queues().get(index);
        LoopBarrier.run(loop, () -> {
            stopping = false;
            executor.activate(activation);
            interrupt = activation.interrupt();
            queue = next;
        });
    }

    /** Takes the queue away. Await the result to know that no request is in work any more. */
    LoopBarrier stop() {
        stopping = true;
        return LoopBarrier.run(loop, () -> {
            queue = null;
            interrupt = null;
            if (admission != null) {
                admission.close();
                admission = null;
            }
        });
    }

    /** Has the worker take no further request; any thread. */
    void halt() {
        stopping = true;
    }

    /** Any thread. */
    void notified() {
        if (loop.inLoop()) {
            serve();
        } else {
            schedule();
        }
    }

    /** Lowers the flag first: a notification that comes while the queue is served causes another run. */
    @Override
    public void run() {
        waiting.set(false);
        serve();
    }

    private void schedule() {
        if (!waiting.compareAndSet(false, true)) {
            return;
        }
        try {
            loop.execute(this);
        } catch (RejectedExecutionException e) {
            LOG.debug("queue {} is not served any more, its loop has ended", index);
        }
    }

    private void serve() {
        if (queue == null || stopping) {
            return;
        }
        try {
            throttled = false;
            boolean more = serveBatch();
            if (queue.needsInterrupt()) {
                interrupt.usedBuffer(index);
            }
            // While the timer runs, kicks would change nothing: they stay off.
            if (!throttled && (more || queue.enableNotifications())) {
                schedule();
            }
        } catch (VirtQueueException e) {
            queue = null;
            device.broken(interrupt, e);
        }
    }

    /** Returns true when the batch ended before the queue did. */
    private boolean serveBatch() throws VirtQueueException {
        queue.disableNotifications();
        for (int i = 0; i < BATCH; i++) {
            if (stopping) {
                return false;
            }
            DescriptorChain chain = queue.poll();
            if (chain == null) {
                return false;
            }
            request.parse(chain);
            long wait = limiter.admit(request.limitedBytes());
            if (wait > 0) {
                queue.undoPoll();
                serveAgainAfter(wait);
                return false;
            }
            serve(chain);
        }
        return true;
    }

    private void serveAgainAfter(long delayNanos) {
        if (admission == null) {
            admission = loop.timer(this::serve);
        }
        admission.arm(delayNanos);
        throttled = true;
    }

    private void serve(DescriptorChain chain) throws VirtQueueException {
        int status;
        try {
            status = executor.execute(request);
        } catch (IOException e) {
            status = BlkConstants.VIRTIO_BLK_S_IOERR;
            device.hostFailed(request, e);
        }
        request.complete(status);
        // Data bytes from the start of the writable part, and the status byte where there is nothing between.
        queue.pushUsed(chain, executor.bytesWritten() + 1);
    }
}
