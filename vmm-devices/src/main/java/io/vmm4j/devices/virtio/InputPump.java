package io.vmm4j.devices.virtio;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.function.BooleanSupplier;

/**
 * Serves one virtqueue whose buffers wait for input of the host's: a device moves what there is in turns, the driver is told
 * once a turn, and between two turns the loop's other tasks have theirs. {@link QueuePump} serves those that bring work.
 *
 * <p>Confined to the event loop. Allocates nothing once warm.
 */
public final class InputPump {

    /** Moves input into the guest's buffers. */
    @FunctionalInterface
    public interface Mover {

        /**
         * Moves input until it, the buffers or the turn is at its end. Where buffers are lacking, it has asked for notifications.
         *
         * @return true when only the turn is over
         * @throws VirtQueueException when a buffer breaks a rule of the device; the device then needs a reset
         */
        boolean move() throws VirtQueueException;
    }

    private final DriverFault fault;
    private final BooleanSupplier isOpen;
    private final Mover mover;
    private final LoopTask task;

    private VirtQueue queue;
    private VirtioInterrupt interrupt;
    private int index;

    /**
     * @param loop   the device's
     * @param fault  the device's
     * @param isOpen whether input may be moved now
     * @param mover  carries out each turn
     */
    public InputPump(EventLoop loop, DriverFault fault, BooleanSupplier isOpen, Mover mover) {
        this.fault = fault;
        this.isOpen = isOpen;
        this.mover = mover;
        this.task = new LoopTask(loop, this::run);
    }

    /** Takes queue {@code queueIndex} of an activation; without effect when the driver did not enable it. */
    public void start(VirtioActivation activation, int queueIndex) {
        queue = activation.queues().get(queueIndex);
        interrupt = activation.interrupt();
        index = queueIndex;
    }

    /** Drops the queue. */
    public void stop() {
        queue = null;
        interrupt = null;
    }

    /** The queue, or {@code null} when there is none to serve. */
    public VirtQueue queue() {
        return queue;
    }

    /** Moves what there is: on a notification, and when input may have come. */
    public void run() {
        if (queue == null || queue.isStopped() || fault.isBroken() || !isOpen.getAsBoolean()) {
            return;
        }
        try {
            queue.disableNotifications();
            boolean isMore = mover.move();
            if (queue.needsInterrupt()) {
                interrupt.usedBuffer(index);
            }
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
}
