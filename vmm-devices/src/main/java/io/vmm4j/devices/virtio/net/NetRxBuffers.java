package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;

/**
 * The guest's receive buffers, virtio 1.2 sections 5.1.6.3 and 5.1.6.4: taken until a frame fits, given back together. Each chain is
 * taken once and given back once; those a frame did not need serve the next. Confined to the event loop.
 */
final class NetRxBuffers {

    /**
     * Pieces of guest memory held at which no more buffers are taken. A driver whose buffers are cut so finely that a frame does not fit in
     * them goes without that frame; what the host keeps of a buffer grows with its pieces.
     */
    private static final int MAX_PIECES = 8192;

    /** What became of a frame. */
    enum Outcome { PLACED, WAITS, TOO_LARGE }

    private VirtQueue queue;
    private boolean isMergeable;
    private DescriptorChain[] chains = new DescriptorChain[0];
    private long[] written = new long[0];
    private int count;
    private int pieces;
    private long space;

    void start(VirtQueue newQueue, boolean mergeable) {
        queue = newQueue;
        isMergeable = mergeable;
        if (chains.length < queue.size()) {
            chains = new DescriptorChain[queue.size()];
            written = new long[queue.size()];
        }
        count = 0;
        pieces = 0;
        space = 0;
    }

    void stop() {
        queue = null;
        count = 0;
        pieces = 0;
        space = 0;
    }

    /** Copies bytes [0, {@code length}) of {@code frame}, header first, whose num_buffers is set here. */
    Outcome place(ByteBuffer frame, int length) throws VirtQueueException {
        int most = isMergeable ? queue.size() : 1;
        while (space < length) {
            if (count == most || pieces >= MAX_PIECES) {
                return Outcome.TOO_LARGE;
            }
            DescriptorChain chain = queue.poll();
            if (chain == null) {
                return Outcome.WAITS;
            }
            if (isMergeable && chain.writableLength() < NetConstants.HDR_LENGTH) {
                throw new VirtQueueException("a receive buffer of " + chain.writableLength() + " bytes cannot hold the header");
            }
            chains[count++] = chain;
            pieces += chain.writableCount();
            space += chain.writableLength();
        }
        fill(frame, length);
        return Outcome.PLACED;
    }

    private void fill(ByteBuffer frame, int length) throws VirtQueueException {
        int used = needed(length);
        frame.putShort(NetConstants.HDR_NUM_BUFFERS, (short) used);
        frame.position(0).limit(length);
        for (int i = 0; i < used; i++) {
            pieces -= chains[i].writableCount();
            space -= chains[i].writableLength();
            written[i] = ChainCopy.write(chains[i], frame);
        }
        queue.pushUsed(chains, written, used);
        count -= used;
        System.arraycopy(chains, used, chains, 0, count);
    }

    private int needed(int length) {
        long covered = 0;
        int used = 0;
        while (covered < length) {
            covered += chains[used++].writableLength();
        }
        return used;
    }
}
