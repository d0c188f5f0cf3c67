package io.vmm4j.devices.virtio.queue;

import java.util.BitSet;

/**
 * The chains of one queue and the record of which buffers a device holds, so that a driver cannot have one buffer
 * served twice at the same time. Chains are made on demand and kept, and so are their views, but no more of those in all than
 * {@link #MAX_SURPLUS}: a guest may cut each buffer into as many pieces as the queue has elements. Confined to the queue's thread.
 */
final class ChainPool {

    /** Views kept by idle chains beyond the few that each has; about half a megabyte. */
    static final int MAX_SURPLUS = 8192;

    private final BufferChain[] idle;
    /** By buffer id; 16 bits in either ring format. */
    private final BitSet inFlight = new BitSet();
    private int idleCount;
    private int lentCount;
    /** Chains polled so far, without those put back. */
    private long polled;
    /** Those polled up to the last of those given back. */
    private long settled;
    /** Of the idle chains. */
    private int surplus;

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
        surplus -= chain.surplus();
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

    /** The chain has been polled. */
    void poll(BufferChain chain) {
        chain.polledAs(++polled);
    }

    /** Takes back the chain polled last as if it had not been. */
    void undoPoll(BufferChain chain) {
        giveBack(chain);
        polled--;
    }

    /** Takes back a chain that the driver gets. */
    void settle(BufferChain chain) {
        giveBack(chain);
        settled = Math.max(settled, chain.turn());
    }

    /** Whether the chains held are the ones polled last, so that a position in the ring says which they are. */
    boolean areLastHeld() {
        return lentCount == polled - settled;
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
        if (surplus + chain.surplus() > MAX_SURPLUS) {
            chain.trim();
        }
        surplus += chain.surplus();
        lentCount--;
        idle[idleCount++] = chain;
    }

    /** Views kept by chains that nobody holds, beyond the few that each has. */
    int surplus() {
        return surplus;
    }

    /** Chains that the device holds. */
    int lentCount() {
        return lentCount;
    }
}
