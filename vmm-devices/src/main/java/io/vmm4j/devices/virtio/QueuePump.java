package io.vmm4j.devices.virtio;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;

/**
 * Serves the chains of one virtqueue in order: takes them, has a handler carry them out, gives them back, tells the
 * driver once a batch, and goes to sleep without losing a wake-up (virtio 1.2, section 2.7.10). After a batch the
 * loop's other tasks have their turn, so that a guest that keeps a queue full starves nobody.
 *
 * <p>Confined to the event loop. Allocates nothing once warm.
 */
public final class QueuePump {

    /** A handler's answer: the same chain again at the next {@link #run}, and nothing before it. */
    public static final long LATER = -1;
    /** A handler's answer: the handler keeps the chain and gives it back through {@link #giveBack}. */
    public static final long KEPT = -2;

    /** Carries out one chain. */
    @FunctionalInterface
    public interface Handler {

        /**
         * Serves {@code chain}.
         *
         * @return bytes written to its device-writable part, or {@link #LATER} or {@link #KEPT}
         * @throws VirtQueueException when the chain breaks a rule of the device; the device then needs a reset
         */
        long serve(DescriptorChain chain) throws VirtQueueException;
    }

    private final LoopTask task;
    private final DriverFault fault;
    private final int batch;
    private final Handler handler;

    private VirtQueue queue;
    private VirtioInterrupt interrupt;
    private int index;
    /** The chain that was answered with {@link #LATER}. */
    private DescriptorChain current;

    /**
     * @param loop    the device's
     * @param fault   the device's
     * @param batch   chains served in one turn
     * @param handler carries out each chain
     */
    public QueuePump(EventLoop loop, DriverFault fault, int batch, Handler handler) {
        this.task = new LoopTask(loop, this::run);
        this.fault = fault;
        this.batch = batch;
        this.handler = handler;
    }

    /** Takes queue {@code queueIndex} of an activation; without effect when the driver did not enable it. */
    public void start(VirtioActivation activation, int queueIndex) {
        queue = activation.queues().get(queueIndex);
        interrupt = activation.interrupt();
        index = queueIndex;
        current = null;
    }

    /** Drops the queue and the chain in work. */
    public void stop() {
        queue = null;
        interrupt = null;
        current = null;
    }

    /** Whether there is a queue to serve. */
    public boolean isRunning() {
        return queue != null && !fault.isBroken();
    }

    /** Serves what is there: on a notification, and when what a {@link #LATER} waited for has come. */
    public void run() {
        if (!isRunning()) {
            return;
        }
        if (queue.isStopped()) {
            current = null; // its buffers are the driver's again
            return;
        }
        try {
            queue.disableNotifications();
            boolean isDry = serveBatch();
            signal();
            boolean isMore = isDry ? queue.enableNotifications() : current == null;
            if (isMore) {
                task.schedule();
            }
        } catch (VirtQueueException e) {
            fault.report(e);
        }
    }

    /** Has {@link #run} called on the event loop. Any thread. */
    public void schedule() {
        task.schedule();
    }

    /** Gives back a chain that a handler has kept, and tells the driver. One that was kept over a reset is dropped. */
    public void giveBack(DescriptorChain chain, long bytesWritten) {
        if (!isRunning()) {
            return;
        }
        try {
            queue.pushUsed(chain, bytesWritten);
            signal();
        } catch (VirtQueueException e) {
            fault.report(e);
        }
    }

    /** Returns true when the queue is empty. */
    private boolean serveBatch() throws VirtQueueException {
        for (int i = 0; i < batch; i++) {
            DescriptorChain chain = current != null ? current : queue.poll();
            if (chain == null) {
                return true;
            }
            current = null;
            long written = handler.serve(chain);
            if (written == LATER) {
                current = chain;
                return false;
            }
            if (written != KEPT) {
                queue.pushUsed(chain, written);
            }
        }
        return false;
    }

    private void signal() throws VirtQueueException {
        if (queue.needsInterrupt()) {
            interrupt.usedBuffer(index);
        }
    }
}
