package io.vmm4j.devices.virtio.balloon;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The host's side of a balloon: takes memory from the guest. */
@FunctionalInterface
public interface BalloonBackend {

    /**
     * Gives the memory behind {@code range} back to the host; what the guest reads there afterwards is undefined until
     * it writes. Only host pages that lie wholly within the range may be touched. Called on the event loop, or for hints
     * on the thread that ends them; does not block.
     *
     * @param range a view of guest RAM; position to limit is the range, at most one per contiguous piece of RAM
     * @throws IOException when the host refuses; the guest does not learn of it
     */
    void discard(ByteBuffer range) throws IOException;
}
