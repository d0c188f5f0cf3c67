package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What the guest has opened, by the numbers that it has for it; no number is given twice. Thread-safe. */
final class HandleTable {

    private static final int MOST = 1 << 16;

    private final Map<Long, Handle> handles = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong();

    /** For one who is about to make what is to be added. Throws ENFILE where there is no room. */
    void requireRoom() throws FsException {
        Errors.require(handles.size() < MOST, Errno.ENFILE);
    }

    /** Takes {@code handle} over, also when there is no room for it: ENFILE. */
    long add(Handle handle) throws FsException {
        if (handles.size() >= MOST) {
            handle.close();
            throw new FsException(Errno.ENFILE);
        }
        long number = last.incrementAndGet();
        handles.put(number, handle);
        if (handle.inode().shelf() == null && handle.inode().folder().isGone()) { // it was taken away before it was in here
            remove(number);
            throw new FsException(Errno.ESTALE);
        }
        return number;
    }

    /** Holds what {@code number} names, which the caller lets go of. Throws EBADF when nothing does. */
    Handle hold(long number) throws FsException {
        Handle handle = handles.get(number);
        if (handle == null || !handle.hold()) {
            throw new FsException(Errno.EBADF);
        }
        return handle;
    }

    /** As {@link #hold}, of files only: EISDIR for a directory. */
    Handle holdFile(long number) throws FsException {
        Handle handle = hold(number);
        if (handle.isDirectory()) {
            handle.close();
            throw new FsException(Errno.EISDIR);
        }
        return handle;
    }

    boolean has(long number) {
        return handles.containsKey(number);
    }

    void remove(long number) {
        Handle handle = handles.remove(number);
        if (handle != null) {
            handle.close();
        }
    }

    /** Removes what is open of the files called {@code inodes}. */
    void removeAllOf(Set<Long> inodes) {
        handles.forEach((number, handle) -> {
            if (inodes.contains(handle.inode().id())) {
                remove(number);
            }
        });
    }

    void clear() {
        List<Long> numbers = new ArrayList<>(handles.keySet());
        numbers.forEach(this::remove);
    }

    int size() {
        return handles.size();
    }
}
