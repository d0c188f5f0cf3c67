package io.vmm4j.devices.virtio.queue;

import java.util.BitSet;

/**
 * The chains of one queue and the record of which buffers a device holds, so that a driver cannot have one buffer
 * served twice at the same time. Chains are made on demand and kept. Confined to the queue's thread.
 */
final class ChainPool {

    private final BufferChain[] idle;
    /** By buffer id; 16 bits in either ring format. */
    private final BitSet inFlight = new BitSet();
    private int idleCount;
    private int lentCount;

    /** @param size elements of the queue, the bound of chains held */
    ChainPool(int size) {
        idle = new BufferChain[size];
    }

    /** Lends a chain whose id is not known yet; see {@link #identify}. */
    BufferChain take() throws VirtQueueException {
        if (lentCount == idle.length) {
            throw new VirtQueueException("more than " + idle.length + " buffers are available at once");
        }
        BufferChain chain = idleCount > 0 ? idle[--idleCount] : new BufferChain(this);
        chain.start();
        lentCount++;
        return chain;
    }

    /** Gives a lent chain its id. */
    void identify(BufferChain chain, int id) throws VirtQueueException {
        if (inFlight.get(id)) {
            throw new VirtQueueException("buffer " + id + " is available again before it was used");
        }
        inFlight.set(id);
        chain.identify(id);
    }

    /** Whether {@code chain} is one of this queue's, and not of one that was there before a reset. */
    boolean isOwn(DescriptorChain chain) {
        return ((BufferChain) chain).isOf(this);
    }

    /** Takes a lent chain back. */
    void giveBack(BufferChain chain) {
        if (!chain.isLent()) {
            throw new IllegalStateException("chain " + chain.id() + " was given back before");
        }
        if (chain.isIdentified()) {
            inFlight.clear(chain.id());
        }
        chain.giveBack();
        lentCount--;
        idle[idleCount++] = chain;
    }

    /** Chains that the device holds. */
    int lentCount() {
        return lentCount;
    }
}
