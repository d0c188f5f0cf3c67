package io.vmm4j.devices.virtio.rng;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;

/** Where random bytes come from: the host's side of {@link VirtioRng}. Called on the event loop; does not wait for entropy. */
@FunctionalInterface
public interface RngSource {

    /**
     * Fills {@code target} from its position to its limit, which must be reached, with bytes fit for keys.
     *
     * @throws IOException when the host has none to give; the guest's request then ends without bytes
     */
    void fill(ByteBuffer target) throws IOException;

    /** A source that draws from {@code random}. Allocates nothing per request. For one device at a time. */
    static RngSource of(SecureRandom random) {
        byte[] piece = new byte[4096];
        return target -> {
            while (target.hasRemaining()) {
                random.nextBytes(piece);
                target.put(piece, 0, Math.min(piece.length, target.remaining()));
            }
        };
    }
}
