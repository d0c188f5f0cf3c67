package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

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

    /** Opens the file again. */
    interface Opener {
        HeldDescriptor open() throws FsException;
    }

    private final Map<Key, HeldDescriptor> files = new HashMap<>();

    /** Holds the open file of {@code key}, which the caller lets go of; opened where there is none yet. */
    synchronized HeldDescriptor hold(Key key, Opener opener) throws FsException {
        HeldDescriptor file = files.get(key);
        if (file == null) {
            Errors.require(files.size() < MOST, Errno.ENOLCK);
            file = opener.open();
            files.put(key, file);
        }
        file.hold();
        return file;
    }

    /** Holds the open file of {@code key}, or returns {@code null}. */
    synchronized HeldDescriptor existing(Key key) {
        HeldDescriptor file = files.get(key);
        if (file != null) {
            file.hold();
        }
        return file;
    }

    /** Gives all locks of {@code key} back. */
    void release(Key key) {
        HeldDescriptor file;
        synchronized (this) {
            file = files.remove(key);
        }
        if (file != null) {
            file.close();
        }
    }

    /** Gives all locks on the files called {@code inodes} back. */
    void removeAllOf(Set<Long> inodes) {
        List<Key> gone;
        synchronized (this) {
            gone = files.keySet().stream().filter(key -> inodes.contains(key.inode())).toList();
        }
        gone.forEach(this::release);
    }

    void clear() {
        List<HeldDescriptor> gone;
        synchronized (this) {
            gone = new ArrayList<>(files.values());
            files.clear();
        }
        gone.forEach(HeldDescriptor::close);
    }
}
