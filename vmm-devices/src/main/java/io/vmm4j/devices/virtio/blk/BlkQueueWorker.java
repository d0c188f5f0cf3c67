package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.LoopBarrier;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Serves one queue of a block device on that queue's own loop. Its state is confined to the loop, but for the flags.
 */
final class BlkQueueWorker implements Runnable {

    /** Requests served before the driver is told and the loop's other tasks have their turn. */
    private static final int BATCH = 64;

    private final VirtioBlk device;
    private final int index;
    private final EventLoop loop;
    private final BlkExecutor executor;
    private final BlkRequest request = new BlkRequest();
    /** A run waits on the loop; however often the guest kicks, at most one does. */
    private final AtomicBoolean waiting = new AtomicBoolean();
    /** Set by a reset, so that a guest that keeps the queue full cannot delay it. */
    private volatile boolean stopping;

    private VirtQueue queue;
    private VirtioInterrupt interrupt;

    BlkQueueWorker(VirtioBlk device, int index, EventLoop loop, BlkExecutor executor) {
        this.device = device;
        this.index = index;
        this.loop = loop;
        this.executor = executor;
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
        if (waiting.compareAndSet(false, true)) {
            loop.execute(this);
        }
    }

    private void serve() {
        if (queue == null || stopping) {
            return;
        }
        try {
            boolean more = serveBatch();
            if (queue.needsInterrupt()) {
                interrupt.usedBuffer(index);
            }
            if (more || queue.enableNotifications()) {
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
            serve(chain);
        }
        return true;
    }

    private void serve(DescriptorChain chain) throws VirtQueueException {
        request.parse(chain);
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
