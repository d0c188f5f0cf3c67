package io.vmm4j.core.rootfs;

import java.io.IOException;
import java.io.InputStream;

/** What {@link InputStream#read()} is for a stream that reads ranges. */
final class OneOctet {

    private OneOctet() {
    }

    /** The next octet of {@code in}, or -1 at its end. */
    static int of(InputStream in) throws IOException {
        byte[] one = new byte[1];
        return in.read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }
}
