package io.vmm4j.devices.virtio.fs;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What the queues of a device have in common: whether the guest has begun, and who waits for a lock. Thread-safe. */
final class FuseSession {

    private final FileServer server;
    /** Few: there is a list of them to be gone through. */
    private final Set<LockWait> waits = ConcurrentHashMap.newKeySet();
    private final AtomicInteger waiting = new AtomicInteger();
    private final int mostWaiting;
    private volatile boolean isOn;

    /** @param mostWaiting requests that may wait for a lock */
    FuseSession(FileServer server, int mostWaiting) {
        this.server = server;
        this.mostWaiting = mostWaiting;
    }

    FileServer server() {
        return server;
    }

    boolean isOn() {
        return isOn;
    }

    FuseInit begin(FuseReader asked) throws FsException {
        end();
        FuseInit agreed = FuseInit.negotiate(asked, server.policy());
        isOn = true;
        return agreed;
    }

    void end() {
        isOn = false;
        server.endSession();
    }

    /** One more that waits; false when there are as many as may. */
    boolean add(LockWait wait) {
        if (waiting.incrementAndGet() > mostWaiting) {
            waiting.decrementAndGet();
            return false;
        }
        waits.add(wait);
        return true;
    }

    void remove(LockWait wait) {
        if (waits.remove(wait)) {
            waiting.decrementAndGet();
        }
    }

    /** A request is to end early: of those that can, which wait for a lock; looked at when its time comes. */
    void interrupt(long unique) {
        waits.stream().filter(wait -> wait.unique() == unique).forEach(LockWait::interrupt);
    }

    /** Who closes a file waits for no lock on it any more. */
    void flushed(long node, long owner) {
        waits.stream().filter(wait -> wait.isOf(node, owner)).forEach(LockWait::interrupt);
    }
}
