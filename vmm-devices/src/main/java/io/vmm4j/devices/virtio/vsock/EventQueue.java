package io.vmm4j.devices.virtio.vsock;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;

/**
 * The event queue, virtio 1.2 section 5.10.6.7. Tells the driver that all connections are gone, and finds out when it has heard:
 * it then makes a buffer available again. All its buffers are taken as they come, so that the next one is always
 * notified. Confined to the event loop.
 */
final class EventQueue {

    private final DriverFault fault;
    private final ByteBuffer event = LittleEndian.allocate(VsockConstants.EVENT_LENGTH);
    private VirtQueue queue;
    private VirtioInterrupt interrupt;
    private DescriptorChain[] buffers = new DescriptorChain[0];
    private int count;
    /** An event is to be sent; then, the driver has to answer it. */
    private boolean isPending;
    private boolean isUnanswered;

    EventQueue(DriverFault fault) {
        this.fault = fault;
    }

    void start(VirtioActivation activation) {
        queue = activation.queues().get(VsockConstants.QUEUE_EVENT);
        interrupt = activation.interrupt();
        if (queue != null && buffers.length < queue.size()) {
            buffers = new DescriptorChain[queue.size()];
        }
    }

    void stop() {
        queue = null;
        interrupt = null;
        count = 0;
        isPending = false;
        isUnanswered = false;
    }

    /** Whether the driver does not know yet that its connections are gone. */
    boolean isBlocking() {
        return isPending || isUnanswered;
    }

    /** Sends TRANSPORT_RESET as soon as the driver has a buffer for it. */
    void sendTransportReset() {
        isPending = true;
        run();
    }

    /** Has TRANSPORT_RESET be sent by the next {@link #run} that finds a buffer for it; without effect when the driver has no such queue. */
    void oweTransportReset() {
        isPending = queue != null && !queue.isStopped();
        isUnanswered = false;
    }

    /** Takes new buffers. */
    void run() {
        if (queue == null || queue.isStopped() || fault.isBroken()) {
            return;
        }
        try {
            boolean isNew = takeBuffers();
            isUnanswered &= !isNew;
            if (isPending && count > 0) {
                send();
            }
        } catch (VirtQueueException e) {
            fault.report(e);
        }
    }

    private boolean takeBuffers() throws VirtQueueException {
        int before = count;
        do {
            for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
                buffers[count++] = chain;
            }
        } while (queue.enableNotifications());
        return count > before;
    }

    private void send() throws VirtQueueException {
        event.clear();
        event.putInt(0, VsockConstants.VIRTIO_VSOCK_EVENT_TRANSPORT_RESET);
        DescriptorChain chain = buffers[0];
        if (chain.writableLength() < VsockConstants.EVENT_LENGTH) {
            throw new VirtQueueException("an event buffer of " + chain.writableLength() + " bytes cannot hold an event");
        }
        count--;
        System.arraycopy(buffers, 1, buffers, 0, count);
        queue.pushUsed(chain, ChainCopy.write(chain, event));
        isPending = false;
        isUnanswered = true;
        if (queue.needsInterrupt()) {
            interrupt.usedBuffer(VsockConstants.QUEUE_EVENT);
        }
    }
}
