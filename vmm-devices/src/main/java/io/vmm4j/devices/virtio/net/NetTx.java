package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One transmit queue: from the guest to the backend, straight from guest RAM but for the header, which is checked on a
 * copy. Confined to the event loop.
 */
final class NetTx {

    /** A frame in more pieces than this is copied together first, so that a backend's vector need not be longer. */
    static final int MAX_PIECES = 64;

    private final NetLink link;
    private final int pair;
    private final RateLimiter limiter;
    private final QueuePump pump;
    private final LoopTimer retry;
    private final ByteBuffer headerBytes = LittleEndian.allocateDirect(NetConstants.HDR_LENGTH);
    private final NetHeader header = new NetHeader();
    private final ByteBuffer[] pieces = new ByteBuffer[MAX_PIECES];
    private int pieceCount;
    private int frameLength;
    /** Where frames in many pieces are put together; made when the first comes. */
    private ByteBuffer joined;
    /** The frame in {@link #pieces} waits: its chain comes again. */
    private boolean isPrepared;
    private boolean isFit;
    private boolean isAdmitted;
    private long driverFeatures;

    NetTx(NetLink link, int pair, EventLoop loop, DriverFault fault, RateLimiter limiter) {
        this.link = link;
        this.pair = pair;
        this.limiter = limiter;
        this.pump = new QueuePump(loop, fault, NetConstants.BATCH, this::serve);
        this.retry = loop.timer(pump::run);
    }

    void start(VirtioActivation activation, int queueIndex) {
        driverFeatures = activation.driverFeatures();
        pump.start(activation, queueIndex);
    }

    void stop() {
        retry.disarm();
        pump.stop();
        forget();
    }

    /** The frame that waits is taken from its chain once more after a restore; whether it was paid for is all there is to it. */
    State saveState() {
        return State.builder().put("isAdmitted", isAdmitted).build();
    }

    void restoreState(State state) throws StateException {
        isAdmitted = state.flag("isAdmitted");
    }

    boolean hasQueue() {
        return pump.isRunning();
    }

    void run() {
        pump.run();
    }

    private void forget() {
        isPrepared = false;
        isAdmitted = false;
        pieceCount = 0;
    }

    /** A frame that is dropped is an operation too, of no bytes. */
    private long serve(DescriptorChain chain) {
        if (!isPrepared && link.isUp()) {
            isPrepared = true;
            isFit = prepare(chain);
        }
        if (!isAdmitted) {
            long delayNanos = limiter.admit(isPrepared && isFit ? frameLength : 0);
            if (delayNanos > 0) {
                link.counters().txThrottled.increment();
                retry.arm(delayNanos);
                return QueuePump.LATER;
            }
            isAdmitted = true;
        }
        if (!link.isUp() || !isPrepared) {
            link.counters().linkDropped.increment(); // also one that has waited
        } else if (isFit && !send()) {
            return QueuePump.LATER;
        }
        forget();
        return 0;
    }

    /** Lays out and checks the frame; false when it is to be dropped. */
    private boolean prepare(DescriptorChain chain) {
        NetCounters counters = link.counters();
        long length = chain.readableLength();
        if (length > NetConstants.MAX_FRAME) {
            counters.txOversize.increment();
            return false;
        }
        frameLength = (int) length - NetConstants.HDR_LENGTH;
        if (frameLength < NetConstants.ETH_LENGTH || !readHeader(chain)) {
            counters.txMalformed.increment();
            return false;
        }
        collect(chain);
        return true;
    }

    private boolean readHeader(DescriptorChain chain) {
        headerBytes.clear();
        ChainCopy.read(chain, headerBytes);
        headerBytes.flip();
        header.read(headerBytes, 0);
        if (!header.isSendable(driverFeatures, frameLength)) {
            return false;
        }
        // Bits that mean nothing on the way out are not the host's to see (section 5.1.6.2.2); num_buffers is unused.
        int flags = headerBytes.get(NetConstants.HDR_FLAGS) & NetConstants.VIRTIO_NET_HDR_F_NEEDS_CSUM;
        headerBytes.put(NetConstants.HDR_FLAGS, (byte) flags);
        headerBytes.putShort(NetConstants.HDR_NUM_BUFFERS, (short) 0);
        return true;
    }

    private void collect(DescriptorChain chain) {
        pieces[0] = headerBytes;
        pieceCount = 1;
        for (int i = 0; i < chain.readableCount(); i++) {
            ByteBuffer view = chain.readable(i);
            if (!view.hasRemaining()) {
                continue;
            }
            if (pieceCount == MAX_PIECES) {
                join(chain);
                return;
            }
            pieces[pieceCount++] = view;
        }
    }

    private void join(DescriptorChain chain) {
        if (joined == null) {
            joined = LittleEndian.allocateDirect(NetConstants.MAX_FRAME);
        }
        joined.clear();
        ChainCopy.read(chain, joined);
        joined.flip();
        pieces[1] = joined;
        pieceCount = 2;
    }

    /** Returns false when the backend has no room. */
    private boolean send() {
        NetCounters counters = link.counters();
        try {
            if (!link.backend().send(pair, pieces, pieceCount)) {
                return false;
            }
            counters.txFrames.increment();
            counters.txBytes.add(frameLength);
        } catch (IOException e) {
            counters.txFailed.increment();
            link.hostFailed("send", e);
        }
        return true;
    }
}
