package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.ResourceLimits;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many of the host's descriptors one share may have, and all of them together: half of what the process may, so that nothing else of the
 * machine's runs short by what a guest does. Thread-safe.
 */
final class Descriptors {

    /** Of one share; each costs a few hundred bytes here and in the host's kernel. */
    static final int MOST = 1 << 18;

    private static final AtomicInteger ALL = new AtomicInteger();

    private final int most;
    private final int mostOfAll;
    private final AtomicInteger taken = new AtomicInteger();

    Descriptors() {
        this(MOST);
    }

    Descriptors(int most) {
        this.most = most;
        this.mostOfAll = (int) Math.min(Integer.MAX_VALUE, ResourceLimits.descriptors() / 2);
    }

    /** One more. Throws ENFILE where there is none left. */
    void take() throws FsException {
        boolean isRoom = taken.incrementAndGet() <= most & ALL.incrementAndGet() <= mostOfAll;
        if (!isRoom) {
            give();
            throw new FsException(Errno.ENFILE);
        }
    }

    /** One fewer. */
    void give() {
        taken.decrementAndGet();
        ALL.decrementAndGet();
    }

    int taken() {
        return taken.get();
    }
}
