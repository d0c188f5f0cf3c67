package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.InputPump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;

/**
 * A receive queue: input for the guest, read from the backend only as the guest has buffers for it. Confined to the
 * event loop.
 */
final class PortInput {

    private final ConsoleBackend backend;
    private final InputPump pump;
    private boolean isOpen;
    private boolean mayRead = true;

    PortInput(EventLoop loop, DriverFault fault, ConsoleBackend backend) {
        this.backend = backend;
        this.pump = new InputPump(loop, fault, () -> isOpen, this::moveBatch);
    }

    void start(VirtioActivation activation, int index) {
        pump.start(activation, index);
        mayRead = true;
    }

    void stop() {
        pump.stop();
        isOpen = false;
    }

    /** While the guest has not opened the port, input waits on the host's side. */
    void setOpen(boolean open) {
        isOpen = open;
        if (open) {
            pump.schedule();
        }
    }

    /** The backend has input. */
    void readable() {
        mayRead = true;
        run();
    }

    /** Moves what there is. */
    void run() {
        pump.run();
    }

    /** Returns true when only the turn is over. */
    private boolean moveBatch() throws VirtQueueException {
        VirtQueue queue = pump.queue();
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
