package io.vmm4j.kvm.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** The host kernel's random number generator, getrandom(2). Thread-safe: holds no state. */
public final class HostRandom {
    private static final int GRND_NONBLOCK = 1;

    private HostRandom() {
    }

    /**
     * Fills a direct buffer from its position to its limit, which becomes its position. Does not wait: a host that has
     * just booted and has gathered nothing yet is an error.
     */
    public static void fill(ByteBuffer direct) throws LinuxException {
        long address = LibC.address(direct);
        while (direct.hasRemaining()) {
            long n = LibC.getrandom(address + direct.position(), direct.remaining(), GRND_NONBLOCK);
            if (n >= 0) {
                // A signal cuts requests above 256 bytes short.
                direct.position(direct.position() + (int) n);
            } else if (LibC.errno() != Errno.EINTR) {
                throw new LinuxException("getrandom", LibC.errno());
            }
        }
        Reference.reachabilityFence(direct);
    }
}
