package io.vmm4j.core.block;

import io.vmm4j.kvm.libc.LinuxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers that an image could not be synced. The kernel tells of a write that was lost once, and then takes the page for written: from then on
 * nothing that was written to the open image is known to be stable, so every later sync fails too. Thread-safe.
 */
final class Syncs {

    private static final Logger LOG = LoggerFactory.getLogger(Syncs.class);

    private final String image;
    /** The first one; null before. Written under this. */
    private volatile LinuxException failure;

    /** @param image names it in the log */
    Syncs(String image) {
        this.image = image;
    }

    /** A call that syncs the image. */
    @FunctionalInterface
    interface Sync {
        void run() throws LinuxException;
    }

    /** Syncs, unless that has failed before. */
    void run(Sync sync) throws LinuxException {
        check();
        try {
            sync.run();
        } catch (LinuxException e) {
            throw failed(e);
        }
        check(); // of two at a time, one hears of a loss that is the other's too
    }

    /** @throws LinuxException when a sync has failed before */
    void check() throws LinuxException {
        LinuxException before = failure;
        if (before != null) {
            throw new LinuxException(before.call(), before.errno());
        }
    }

    /** One has failed. Returns it. */
    synchronized LinuxException failed(LinuxException why) {
        if (failure == null) {
            failure = why;
            LOG.error("disk image {} could not be synced, and what its guest has written may be lost: {}; flushes fail until it is opened anew",
                    image, why.getMessage());
        }
        return why;
    }
}
