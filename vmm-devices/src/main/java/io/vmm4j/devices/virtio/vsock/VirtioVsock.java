package io.vmm4j.devices.virtio.vsock;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.LoopTask;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The socket device, virtio 1.2 section 5.10: stream sockets between the guest and the host, at most 1023 at a time. Connections of
 * the guest go to a {@link VsockHost}; the host makes its own with {@link #connect}.
 *
 * <p>Data is moved only while both sides take it: a host program that does not read fills the connection's buffer and
 * then the guest's credit is used up; a guest that does not read leaves data where it is, in the host's socket, and no
 * notification comes of it. Nothing waits in the device for a guest without receive buffers but a bounded number of
 * resets.
 *
 * <p>Confined to the event loop; methods that any thread may call say so.
 */
public final class VirtioVsock implements VirtioDevice, Stateful {

    private final long guestCid;
    private final ByteConfigSpace space = new ByteConfigSpace(VsockConstants.CONFIG_LENGTH);
    private final DriverFault fault;
    private final VsockMuxer muxer;
    private final EventQueue events;
    private final QueuePump transmit;
    private final LoopTask receiveTask;
    private final RxPacket packet = new RxPacket();
    private final VsockHeader received = new VsockHeader();
    private final ByteBuffer receivedBytes = LittleEndian.allocate(VsockConstants.HDR_LENGTH);

    private VirtQueue rx;
    private VirtioInterrupt interrupt;
    /** The guest's packets wait until it has taken resets. */
    private boolean isStalled;

    /**
     * @param loop     the thread that owns the device
     * @param guestCid the guest's context ID, 3 to 0xFFFFFFFE
     * @param host     where the guest's connections go
     */
    public VirtioVsock(EventLoop loop, long guestCid, VsockHost host) {
        if (guestCid < VsockConstants.MIN_GUEST_CID || guestCid > VsockConstants.MAX_GUEST_CID) {
            throw new IllegalArgumentException("guest CID " + guestCid + " is not within " + VsockConstants.MIN_GUEST_CID + " to "
                + VsockConstants.MAX_GUEST_CID);
        }
        this.guestCid = guestCid;
        this.muxer = new VsockMuxer(loop, guestCid, host, this::sendToGuest);
        this.fault = new DriverFault(VirtioDeviceType.VSOCK, muxer::closeAll);
        this.events = new EventQueue(fault);
        this.transmit = new QueuePump(loop, fault, VsockConstants.BATCH, this::serve);
        this.receiveTask = new LoopTask(loop, this::sendToGuest);
        space.put(VsockConstants.CONFIG_GUEST_CID, Long.BYTES, guestCid);
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.VSOCK;
    }

    @Override
    public long deviceFeatures() {
        return VirtioFeatures.mask(VsockConstants.VIRTIO_VSOCK_F_STREAM);
    }

    @Override
    public int[] queueSizeMax() {
        int[] sizes = new int[VsockConstants.QUEUE_COUNT];
        Arrays.fill(sizes, VsockConstants.QUEUE_SIZE);
        return sizes;
    }

    @Override
    public ConfigSpace configSpace() {
        return space;
    }

    @Override
    public void activate(VirtioActivation activation) {
        fault.arm(activation.interrupt());
        rx = activation.queues().get(VsockConstants.QUEUE_RX);
        interrupt = activation.interrupt();
        transmit.start(activation, VsockConstants.QUEUE_TX);
        events.start(activation);
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        switch (queueIndex) {
            case VsockConstants.QUEUE_RX -> sendToGuest();
            case VsockConstants.QUEUE_TX -> transmit.run();
            default -> {
                events.run();
                sendToGuest();
            }
        }
    }

    @Override
    public void reset() {
        rx = null;
        interrupt = null;
        isStalled = false;
        transmit.stop();
        events.stop();
        muxer.closeAll();
        fault.disarm();
    }

    /** Without connections, whose other sides are not in it. The guest's context ID is what the device is made with. */
    @Override
    public State saveState() {
        return State.builder().put("muxer", muxer.saveState()).build();
    }

    /** The driver is told, as soon as it has a buffer for that, that its connections are gone, and is sent nothing else before. */
    @Override
    public void restoreState(State state) throws StateException {
        muxer.restoreState(state.part("muxer"));
        events.oweTransportReset();
    }

    /** The guest's context ID. Any thread. */
    public long guestCid() {
        return guestCid;
    }

    /** Whether a driver is there and works. */
    public boolean isActive() {
        return rx != null && !fault.isBroken();
    }

    /**
     * Asks the guest for a connection. {@code stream} learns of the answer: it is told that the connection is
     * established, or is closed when the guest refuses or has said nothing for two seconds.
     *
     * @param guestPort where the guest listens, 0 to 2^32 - 1
     * @param stream    the host's side, from now on the device's to close
     * @return false when there is no driver or there are too many connections: the stream was not touched
     */
    public boolean connect(long guestPort, VsockStream stream) {
        return isActive() && muxer.connect(guestPort, stream);
    }

    /**
     * Ends all connections and tells the driver so, as after the guest was restored from a snapshot. Nothing else is
     * sent to it until it has heard.
     */
    public void resetTransport() {
        muxer.closeAll();
        if (isActive()) {
            events.sendTransportReset();
        }
    }

    /** What was done so far. Any thread. */
    public VsockStatistics statistics() {
        return muxer.counters().snapshot();
    }

    /** A packet of the guest's. */
    private long serve(DescriptorChain chain) {
        if (muxer.isBackedUp()) {
            isStalled = true;
            return QueuePump.LATER;
        }
        receivedBytes.clear();
        if (ChainCopy.read(chain, receivedBytes) < VsockConstants.HDR_LENGTH) {
            muxer.counters().malformed.increment();
            return 0;
        }
        received.read(receivedBytes);
        muxer.receive(received, chain);
        if (muxer.hasPacket()) {
            receiveTask.schedule();
        }
        return 0;
    }

    /** Sends the guest what there is, as far as it has buffers. */
    private void sendToGuest() {
        if (!isActive() || events.isBlocking()) {
            return;
        }
        try {
            rx.disableNotifications();
            boolean isMore = sendBatch();
            if (rx.needsInterrupt()) {
                interrupt.usedBuffer(VsockConstants.QUEUE_RX);
            }
            if (isMore) {
                receiveTask.schedule();
            }
        } catch (VirtQueueException e) {
            fault.report(e);
            return;
        }
        if (isStalled && !muxer.isBackedUp()) {
            isStalled = false;
            transmit.schedule();
        }
    }

    /** Returns true when only the turn is over. */
    private boolean sendBatch() throws VirtQueueException {
        for (int i = 0; i < VsockConstants.BATCH; i++) {
            if (!muxer.hasPacket()) {
                return false;
            }
            DescriptorChain chain = rx.poll();
            if (chain == null) {
                if (rx.enableNotifications()) {
                    continue;
                }
                return false;
            }
            packet.begin(chain);
            if (muxer.nextPacket(packet)) {
                rx.pushUsed(chain, packet.finish());
            } else {
                rx.undoPoll();
            }
        }
        return true;
    }
}
