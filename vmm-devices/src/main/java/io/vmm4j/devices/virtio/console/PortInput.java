package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.LoopTask;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;

/**
 * A receive queue: input for the guest, read from the backend only as the guest has buffers for it. Confined to the
 * event loop.
 */
final class PortInput {

    private final DriverFault fault;
    private final ConsoleBackend backend;
    private final LoopTask task;
    private VirtQueue queue;
    private VirtioInterrupt interrupt;
    private int queueIndex;
    private boolean isOpen;
    private boolean mayRead = true;

    PortInput(EventLoop loop, DriverFault fault, ConsoleBackend backend) {
        this.fault = fault;
        this.backend = backend;
        this.task = new LoopTask(loop, this::run);
    }

    void start(VirtioActivation activation, int index) {
        queue = activation.queues().get(index);
        interrupt = activation.interrupt();
        queueIndex = index;
        mayRead = true;
    }

    void stop() {
        queue = null;
        interrupt = null;
        isOpen = false;
    }

    /** While the guest has not opened the port, input waits on the host's side. */
    void setOpen(boolean open) {
        isOpen = open;
        if (open) {
            task.schedule();
        }
    }

    /** The backend has input. */
    void readable() {
        mayRead = true;
        run();
    }

    /** Moves what there is. */
    void run() {
        if (queue == null || fault.isBroken() || !isOpen) {
            return;
        }
        try {
            queue.disableNotifications();
            boolean isMore = moveBatch();
            if (queue.needsInterrupt()) {
                interrupt.usedBuffer(queueIndex);
            }
            if (isMore) {
                task.schedule();
            }
        } catch (VirtQueueException e) {
            fault.report(e);
        }
    }

    /** Returns true when only the turn is over. */
    private boolean moveBatch() throws VirtQueueException {
        for (int i = 0; i < ConsoleConstants.BATCH && mayRead; i++) {
            DescriptorChain chain = queue.poll();
            if (chain == null) {
                if (queue.enableNotifications()) {
                    continue;
                }
                return false;
            }
            if (chain.writableLength() == 0) {
                throw new VirtQueueException("a receive buffer without room");
            }
            int read = read(chain);
            if (read == 0) {
                queue.undoPoll();
            } else {
                queue.pushUsed(chain, read);
            }
        }
        return mayRead;
    }

    private int read(DescriptorChain chain) {
        int total = 0;
        for (int i = 0; i < chain.writableCount() && mayRead && total < ConsoleConstants.MAX_TURN; i++) {
            ByteBuffer view = chain.writable(i);
            if (!view.hasRemaining()) {
                continue;
            }
            view.limit(view.position() + Math.min(view.remaining(), ConsoleConstants.MAX_TURN - total));
            int wanted = view.remaining();
            int read = backend.read(view);
            total += read;
            mayRead = read > 0;
            if (read < wanted) {
                break;
            }
        }
        return total;
    }
}
