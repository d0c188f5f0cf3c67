package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Locks by fcntl(2), which are an owner's: each owner has an open file of its own for each file that it has locked, and the host's
 * kernel keeps the locks of that. Thread-safe.
 */
final class LockOwners {

    /** A bound on what a guest can have of these; it has descriptors as a bound, too. */
    private static final int MOST = 1 << 14;

    /** @param inode number in the share */
    record Key(long inode, long owner) {
    }

    /** @param handle of the guest's, by which the owner came; it goes with that at the latest */
    private record Owned(HeldDescriptor file, long handle) {
    }

    /** Opens the file again. */
    interface Opener {
        HeldDescriptor open() throws FsException;
    }

    private final Map<Key, Owned> files = new HashMap<>();
    /** Handles by which owners have come, so that others are closed without a search. */
    private final Set<Long> handles = new HashSet<>();

    /** Holds the open file of {@code key}, which the caller lets go of; opened where there is none yet. */
    HeldDescriptor hold(Key key, long handle, Opener opener) throws FsException {
        HeldDescriptor known = existing(key);
        if (known != null) {
            return known;
        }
        HeldDescriptor opened = opener.open();
        HeldDescriptor file;
        boolean isRoom;
        synchronized (this) {
            Owned there = files.get(key);
            isRoom = there != null || files.size() < MOST;
            if (there == null && isRoom) {
                files.put(key, new Owned(opened, handle));
                handles.add(handle);
            }
            file = there == null ? opened : there.file();
            if (isRoom) {
                file.hold();
            }
        }
        if (!isRoom || file != opened) {
            opened.close();
        }
        Errors.require(isRoom, Errno.ENOLCK);
        return file;
    }

    /** Holds the open file of {@code key}, or returns {@code null}. */
    synchronized HeldDescriptor existing(Key key) {
        Owned owned = files.get(key);
        if (owned == null) {
            return null;
        }
        owned.file().hold();
        return owned.file();
    }

    /** Gives all locks of {@code key} back. */
    void release(Key key) {
        Owned owned;
        synchronized (this) {
            owned = files.remove(key);
        }
        if (owned != null) {
            owned.file().close();
        }
    }

    /** Gives all locks on the files called {@code inodes} back. */
    void removeAllOf(Set<Long> inodes) {
        remove(entry -> inodes.contains(entry.getKey().inode()));
    }

    /** Gives all locks back of owners that came by a handle of the guest's. */
    void removeAllBy(long handle) {
        synchronized (this) {
            if (!handles.remove(handle)) {
                return;
            }
        }
        remove(entry -> entry.getValue().handle() == handle);
    }

    void clear() {
        remove(entry -> true);
    }

    private void remove(Predicate<Map.Entry<Key, Owned>> which) {
        List<Owned> gone = new ArrayList<>();
        synchronized (this) {
            files.entrySet().removeIf(entry -> which.test(entry) && gone.add(entry.getValue()));
            if (files.isEmpty()) {
                handles.clear();
            }
        }
        gone.forEach(owned -> owned.file().close());
    }
}
