package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.InputPump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One receive queue: from the backend to the guest. A frame is read into a buffer of the device's own, checked, and put
 * into as many of the guest's buffers as it takes. While the guest has none, or the rate limit says no, the frame waits
 * and nothing more is read, so the backend's queue fills up and not the host's memory.
 *
 * <p>Confined to the event loop. Allocates nothing once warm.
 */
final class NetRx {

    /** Space behind the largest frame, to tell one that is larger. */
    private static final int SLACK = 64;
    /** Ethernet types of VLAN tags, IEEE 802.1Q and 802.1ad, as a little-endian field reads them. */
    private static final int ETH_P_8021Q = 0x0081;
    private static final int ETH_P_8021AD = 0xA888;

    private final NetLink link;
    private final int pair;
    private final RateLimiter limiter;
    private final InputPump pump;
    private final LoopTimer retry;
    private final NetHeader header = new NetHeader();
    private final NetRxBuffers buffers = new NetRxBuffers();
    /** The frame that waits, header first; made with the first activation. */
    private ByteBuffer frame;
    /** Bytes in it; 0 = none waits. */
    private int length;
    private boolean isAdmitted;

    private boolean isEnabled;
    private long guestOffloads;
    private int maxPacket;

    NetRx(NetLink link, int pair, EventLoop loop, DriverFault fault, RateLimiter limiter) {
        this.link = link;
        this.pair = pair;
        this.limiter = limiter;
        this.pump = new InputPump(loop, fault, () -> isEnabled, this::moveBatch);
        this.retry = loop.timer(pump::run);
    }

    /** Takes the queue; no frame is read before {@link #setEnabled}. {@code mtu} is what the guest was told, or the largest. */
    void start(VirtioActivation activation, int index, int mtu) {
        pump.start(activation, index);
        maxPacket = mtu;
        if (frame == null) {
            frame = LittleEndian.allocateDirect(NetConstants.MAX_FRAME + SLACK);
        }
        if (hasQueue()) {
            buffers.start(pump.queue(), activation.hasFeature(NetConstants.VIRTIO_NET_F_MRG_RXBUF));
        }
    }

    void stop() {
        retry.disarm();
        pump.stop();
        isEnabled = false;
        buffers.stop();
        drop();
    }

    /** The frame that waits, which the backend has not any more; buffers that were taken for it are taken once more after a restore. */
    State saveState() {
        byte[] waiting = new byte[length];
        if (length > 0) {
            frame.get(0, waiting);
        }
        return State.builder().put("frame", waiting).put("isAdmitted", isAdmitted).build();
    }

    /** Of a queue that was started. */
    void restoreState(State state) throws StateException {
        byte[] waiting = state.bytes("frame", 0, NetConstants.MAX_FRAME);
        if (waiting.length > 0 && waiting.length < NetConstants.HDR_LENGTH + NetConstants.ETH_LENGTH) {
            throw new StateException("frame has " + waiting.length + " bytes, fewer than its headers");
        }
        isAdmitted = state.flag("isAdmitted") && waiting.length > 0;
        length = waiting.length;
        frame.put(0, waiting);
    }

    boolean hasQueue() {
        return pump.queue() != null;
    }

    /** Whether the pair is in use. A frame that waits on a pair that is not is dropped. */
    void setEnabled(boolean enabled) {
        isEnabled = enabled;
        if (enabled) {
            pump.schedule();
        } else {
            drop();
        }
    }

    /** Settles which offloads frames may need: a mask of GUEST features. */
    void setGuestOffloads(long offloads) {
        guestOffloads = offloads;
    }

    /** Moves what there is: when frames, buffers or leave to receive may have come. */
    void run() {
        pump.run();
    }

    /** Returns true when only the turn is over. */
    private boolean moveBatch() throws VirtQueueException {
        for (int i = 0; i < NetConstants.BATCH; i++) {
            if (length > 0 && !link.isUp()) {
                link.counters().linkDropped.increment(); // the cable was pulled while it waited
                drop();
            }
            if (length == 0 && !fetch()) {
                return false;
            }
            if (length == 0) {
                continue; // it was dropped
            }
            if (!isAdmitted()) {
                return false;
            }
            if (!place() && !pump.queue().enableNotifications()) {
                return false;
            }
        }
        return true;
    }

    /** Reads and checks the next frame. Returns false when there is none. */
    private boolean fetch() {
        frame.clear();
        int received;
        try {
            received = link.backend().receive(pair, frame);
        } catch (IOException e) {
            link.hostFailed("receive", e);
            return false;
        }
        if (received == 0) {
            return false;
        }
        if (!link.isUp()) {
            link.counters().linkDropped.increment();
        } else if (isFit(received)) {
            length = received;
        } else {
            link.counters().rxDropped.increment();
        }
        return true;
    }

    private boolean isFit(int received) {
        if (received > NetConstants.MAX_FRAME || received < NetConstants.HDR_LENGTH + NetConstants.ETH_LENGTH) {
            return false;
        }
        header.read(frame, 0);
        if (!header.isReceivable(guestOffloads)) {
            return false;
        }
        // Section 5.1.4.1: what is not to be cut up must not exceed the MTU that the driver accepted.
        int packet = received - NetConstants.HDR_LENGTH - NetConstants.ETH_LENGTH - (hasVlanTag() ? NetConstants.VLAN_LENGTH : 0);
        return header.isLarge() || packet <= maxPacket;
    }

    private boolean hasVlanTag() {
        int type = Short.toUnsignedInt(frame.getShort(NetConstants.HDR_LENGTH + NetConstants.ETH_TYPE));
        return type == ETH_P_8021Q || type == ETH_P_8021AD;
    }

    private boolean isAdmitted() {
        if (!isAdmitted) {
            long delayNanos = limiter.admit(length - NetConstants.HDR_LENGTH);
            if (delayNanos > 0) {
                link.counters().rxThrottled.increment();
                retry.arm(delayNanos);
                return false;
            }
            isAdmitted = true;
        }
        return true;
    }

    /** Puts the frame into buffers of the guest. Returns false when more of them are needed. */
    private boolean place() throws VirtQueueException {
        if ((guestOffloads & 1L << NetConstants.VIRTIO_NET_F_GUEST_CSUM) == 0) {
            frame.put(NetConstants.HDR_FLAGS, (byte) 0); // no flag means anything to this driver
        }
        switch (buffers.place(frame, length)) {
            case WAITS -> {
                link.counters().rxNoBuffer.increment();
                return false;
            }
            case TOO_LARGE -> link.counters().rxDropped.increment();
            case PLACED -> {
                link.counters().rxFrames.increment();
                link.counters().rxBytes.add(length - NetConstants.HDR_LENGTH);
            }
        }
        drop();
        return true;
    }

    private void drop() {
        length = 0;
        isAdmitted = false;
    }
}
