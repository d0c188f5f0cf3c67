package io.vmm4j.devices.virtio.blk;

/** The requests of one queue, by their tags: those in flight, and those that wait to be used. Confined to the queue's loop. */
final class BlkFlight {

    /**
     * Pieces in flight at which no more requests are taken up: what the host keeps of a request grows with the number of pieces that the
     * guest cut it into, which may be a thousand.
     */
    private static final int MAX_PIECES = 8192;

    /** By tag. */
    private final BlkRequest[] requests;
    /** Those that are not in flight: the first {@link #idleCount}. */
    private final BlkRequest[] idle;
    private int idleCount;
    /** Pieces of guest memory that requests in flight consist of. */
    private int pieces;

    /** @param depth requests that may be in flight */
    BlkFlight(int depth) {
        requests = new BlkRequest[depth];
        for (int tag = 0; tag < depth; tag++) {
            requests[tag] = new BlkRequest(tag);
        }
        idle = requests.clone();
        idleCount = depth;
    }

    boolean hasRoom() {
        return idleCount > 0 && pieces < MAX_PIECES;
    }

    /** Nothing is in flight. */
    boolean isEmpty() {
        return idleCount == requests.length;
    }

    BlkRequest byTag(int tag) {
        return requests[tag];
    }

    /** The one that is used next; there is room. */
    BlkRequest next() {
        return idle[idleCount - 1];
    }

    /** Has {@link #next}, which is parsed, be in flight. */
    void begin() {
        pieces += next().dataCount();
        idleCount--;
    }

    /** Has a request be forgotten that was in flight. */
    void end(BlkRequest request) {
        pieces -= request.dataCount();
        request.forget();
        idle[idleCount++] = request;
    }
}
