package io.vmm4j.devices.virtio.queue;

/**
 * The chains of one queue and the record of which buffers a device holds, so that a driver cannot have one buffer
 * served twice at the same time. Chains are made on demand and kept. Confined to the queue's thread.
 */
final class ChainPool {

    private final BufferChain[] idle;
    private final boolean[] inFlight;
    private int idleCount;
    private int lentCount;

    /** @param size elements of the queue, the bound of chains held and of their ids */
    ChainPool(int size) {
        idle = new BufferChain[size];
        inFlight = new boolean[size];
    }

    /** Lends a chain for buffer {@code id}. */
    BufferChain take(int id) throws VirtQueueException {
        if (id >= inFlight.length) {
            throw new VirtQueueException("buffer " + id + " is outside the queue of " + inFlight.length);
        }
        if (inFlight[id]) {
            throw new VirtQueueException("buffer " + id + " is available again before it was used");
        }
        BufferChain chain = idleCount > 0 ? idle[--idleCount] : new BufferChain();
        chain.start(id);
        inFlight[id] = true;
        lentCount++;
        return chain;
    }

    /** Takes a lent chain back. */
    void giveBack(BufferChain chain) {
        if (!chain.isLent()) {
            throw new IllegalStateException("chain " + chain.id() + " was given back before");
        }
        chain.giveBack();
        inFlight[chain.id()] = false;
        lentCount--;
        idle[idleCount++] = chain;
    }

    /** Chains that the device holds. */
    int lentCount() {
        return lentCount;
    }
}
