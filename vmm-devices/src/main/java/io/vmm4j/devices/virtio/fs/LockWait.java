package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.virtio.queue.DescriptorChain;

/** A SETLKW that has to wait: its chain is kept, and the lock tried again. Confined to its queue's loop, but for the interrupt. */
final class LockWait {

    private final DescriptorChain chain;
    private final FuseHeader header;
    private final long handle;
    private final long owner;
    private final FileServer.Lock lock;
    private final boolean ofFile;
    private volatile boolean isInterrupted;

    LockWait(DescriptorChain chain, FuseHeader header, long handle, long owner, FileServer.Lock lock, boolean ofFile) {
        this.chain = chain;
        this.header = header;
        this.handle = handle;
        this.owner = owner;
        this.lock = lock;
        this.ofFile = ofFile;
    }

    long unique() {
        return header.unique();
    }

    FuseHeader header() {
        return header;
    }

    DescriptorChain chain() {
        return chain;
    }

    boolean isOf(long node, long who) {
        return header.node() == node && owner == who;
    }

    /** Has it end with EINTR. Any thread. */
    void interrupt() {
        isInterrupted = true;
    }

    /** Tries the lock; false when another is still in the way. */
    boolean isOver(FileServer server) throws FsException {
        if (isInterrupted) {
            throw new FsException(FuseConstants.EINTR);
        }
        return server.lock(handle, owner, lock, ofFile);
    }
}
