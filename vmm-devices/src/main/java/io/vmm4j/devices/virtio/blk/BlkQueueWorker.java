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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one queue of a block device on that queue's own loop. Its state is confined to the loop, but for the flags.
 */
final class BlkQueueWorker implements Runnable, BlkIo.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(BlkQueueWorker.class);

    /** Requests served before the driver is told and the loop's other tasks have their turn. */
    private static final int BATCH = 64;

    private final VirtioBlk device;
    private final int index;
    private final EventLoop loop;
    private final BlkExecutor executor;
    private final RateLimiter limiter;
    /** A run waits on the loop; however often the guest kicks, at most one does. */
    private final AtomicBoolean waiting = new AtomicBoolean();
    /** Set by a reset, so that a guest that keeps the queue full cannot delay it. */
    private volatile boolean stopping;

    private BlkIo io;
    /** By tag. */
    private BlkRequest[] requests;
    /** Those that are not in flight: the first {@link #idleCount}. */
    private BlkRequest[] idle;
    private int idleCount;
    private VirtQueue queue;
    private VirtioInterrupt interrupt;
    /** Runs when the rate limiter may admit the next request; made when it first refuses one. */
    private LoopTimer admission;
    private boolean throttled;

    /** @throws IOException when {@code backend} cannot be opened for the queue */
    BlkQueueWorker(VirtioBlk device, int index, EventLoop loop, BlkExecutor executor, RateLimiter limiter, BlkBackend backend)
            throws IOException {
        this.device = device;
        this.index = index;
        this.loop = loop;
        this.executor = executor;
        this.limiter = limiter;
        use(backend.openQueue(index, this), backend.id());
    }

    private void use(BlkIo next, String id) {
        io = next;
        executor.use(next, id);
        requests = new BlkRequest[next.depth()];
        for (int tag = 0; tag < requests.length; tag++) {
            requests[tag] = new BlkRequest(tag);
        }
        idle = requests.clone();
        idleCount = idle.length;
    }

    /** Opens {@code next} for the queue, which goes on as it is until {@link #exchange}. */
    CompletableFuture<BlkIo> open(BlkBackend next) {
        CompletableFuture<BlkIo> opened = new CompletableFuture<>();
        LoopBarrier.run(loop, () -> {
            try {
                opened.complete(next.openQueue(index, this));
            } catch (IOException | RuntimeException e) {
                opened.completeExceptionally(e);
            }
        });
        return opened;
    }

    /** Closes what {@link #open} opened and nobody wants any more. */
    LoopBarrier discard(BlkIo unused) {
        return LoopBarrier.run(loop, unused::close);
    }

    /** Has further requests go to {@code next}, once those in flight have ended. Await the result to know that it is so. */
    LoopBarrier exchange(BlkIo next, String id) {
        return LoopBarrier.run(loop, () -> {
            io.drain();
            io.close();
            use(next, id);
            serve();
        });
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
            io.drain();
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

    /** Several of the host's answers have been dealt with: the driver is told, and there is room for more. */
    @Override
    public void settled() {
        serve();
    }

    @Override
    public void done(int tag, IOException failure) {
        BlkRequest request = requests[tag];
        if (queue == null) {
            putBack(request); // the driver has reset the device, or broken the queue
            return;
        }
        int status = BlkConstants.VIRTIO_BLK_S_IOERR;
        if (failure == null) {
            status = executor.proceed(request);
        } else {
            device.hostFailed(request, failure);
        }
        try {
            finish(request, status);
        } catch (VirtQueueException e) {
            giveUp(e);
        }
    }

    private void serve() {
        if (queue == null || stopping) {
            return;
        }
        try {
            throttled = false;
            boolean more = serveBatch();
            io.submit();
            if (queue == null) {
                return;
            }
            if (queue.needsInterrupt()) {
                interrupt.usedBuffer(index);
            }
            // While the timer runs, or everything is in flight, kicks would change nothing: they stay off.
            if (!throttled && idleCount > 0 && (more || queue.enableNotifications())) {
                schedule();
            }
        } catch (VirtQueueException e) {
            giveUp(e);
        }
    }

    private void giveUp(VirtQueueException cause) {
        VirtioInterrupt last = interrupt;
        queue = null;
        device.broken(last, cause);
    }

    /** Returns true when the batch ended before the queue did. */
    private boolean serveBatch() throws VirtQueueException {
        queue.disableNotifications();
        for (int i = 0; i < BATCH; i++) {
            if (stopping || queue == null || idleCount == 0) {
                return false;
            }
            DescriptorChain chain = queue.poll();
            if (chain == null) {
                return false;
            }
            BlkRequest request = idle[idleCount - 1];
            request.parse(chain);
            long wait = limiter.admit(request.limitedBytes());
            if (wait > 0) {
                queue.undoPoll();
                serveAgainAfter(wait);
                return false;
            }
            idleCount--;
            finish(request, executor.begin(request));
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

    /** Gives a request back to the driver, unless {@code status} says that it is not at its end. */
    private void finish(BlkRequest request, int status) throws VirtQueueException {
        if (status == BlkExecutor.PENDING) {
            return;
        }
        putBack(request);
        request.complete(status);
        // Data bytes from the start of the writable part, and the status byte where there is nothing between.
        queue.pushUsed(request.chain(), request.bytesWritten() + 1);
    }

    private void putBack(BlkRequest request) {
        idle[idleCount++] = request;
    }
}
