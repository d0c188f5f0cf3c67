package io.vmm4j.devices.virtio.fs;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the queues of a device have in common: whether the guest has begun, and who waits for a lock. Thread-safe. */
final class FuseSession {

    private final FileServer server;
    private final Map<Long, LockWait> waits = new ConcurrentHashMap<>();
    private volatile boolean isOn;

    FuseSession(FileServer server) {
        this.server = server;
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

    /** One more that waits, as many at most as the queues have elements. */
    void add(LockWait wait) {
        waits.put(wait.unique(), wait);
    }

    void remove(LockWait wait) {
        waits.remove(wait.unique(), wait);
    }

    /** A request is to end early: of those that can, which wait for a lock; looked at when its time comes. */
    void interrupt(long unique) {
        LockWait wait = waits.get(unique);
        if (wait != null) {
            wait.interrupt();
        }
    }
}
