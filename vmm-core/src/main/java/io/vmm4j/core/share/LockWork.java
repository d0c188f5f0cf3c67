package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FileServer.Lock;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileLocks;

/**
 * Locks, which are the host's own, so that they hold between guests and the host's programs; but not in a read-only folder, whose guest could keep
 * those who write waiting. Never waits. Thread-safe.
 */
final class LockWork {

    private final ShareState state;
    private final FileWork files;

    LockWork(ShareState state, FileWork files) {
        this.state = state;
        this.files = files;
    }

    private static LockOwners.Key key(Handle open, long owner) {
        return new LockOwners.Key(open.inode().id(), owner);
    }

    private static void requireLocks(Handle open) throws FsException {
        Errors.require(open.inode().shelf() == null && !open.inode().folder().isReadOnly(), Errno.ENOLCK);
    }

    /** What an owner's locks are on: an open file of its own. */
    private static final class OwnersFile extends HeldDescriptor {
        OwnersFile(int fd, Descriptors budget) {
            super(fd, budget);
        }
    }

    /** What an owner's locks are on: the file as the guest has opened it, as it cannot be opened once more. */
    private static final class LentFile extends HeldDescriptor {
        private final Handle handle;

        /**
         * @param handle held once more for this
         * @param fd     another descriptor of it
         */
        LentFile(Handle handle, int fd, Descriptors budget) {
            super(fd, budget);
            this.handle = handle;
        }

        @Override
        void closed() {
            new FileLocks().set(handle.fd(), FileLocks.F_UNLCK, 0, 0);
            handle.takeBack();
            handle.close();
        }
    }

    private HeldDescriptor ownersFile(Handle open) throws FsException {
        Inode inode = open.inode();
        try {
            return new OwnersFile(files.reopen(inode, Fd.O_RDWR), state.budget);
        } catch (FsException e) {
            boolean isRefused = e.errno() == Errno.EACCES || e.errno() == Errno.EROFS || e.errno() == Errno.ETXTBSY || e.errno() == Errno.EPERM;
            Errors.require(isRefused, e.errno());
        }
        if (open.isWritable()) {
            return lent(open);
        }
        return new OwnersFile(files.reopen(inode, Fd.O_RDONLY), state.budget); // good for locks to read
    }

    private HeldDescriptor lent(Handle open) throws FsException {
        state.inodes.takeDescriptor();
        boolean isLent = open.lend();
        int fd = isLent ? state.calls().duplicate(open.fd()) : -Errno.ENOLCK;
        if (fd < 0) {
            if (isLent) {
                open.takeBack();
            }
            state.inodes.giveBack(fd);
            throw new FsException(-fd);
        }
        open.hold();
        return new LentFile(open, fd, state.budget);
    }

    boolean lock(long handle, long owner, Lock lock, boolean ofFile) throws FsException {
        try (Handle open = state.handles.hold(handle)) {
            requireLocks(open);
            FileLocks locks = state.tools().locks();
            if (ofFile) {
                return isTaken(locks.lockFile(open.fd(), lock.type())); // of a directory, too
            }
            Errors.require(!open.isDirectory(), Errno.EBADF);
            LockOwners.Key key = key(open, owner);
            if (lock.type() == FileLocks.F_UNLCK) {
                try (HeldDescriptor file = state.owners.existing(key)) {
                    return file == null || isTaken(locks.set(file.fd(), lock.type(), lock.start(), length(lock)));
                }
            }
            try (HeldDescriptor file = state.owners.hold(key, handle, () -> ownersFile(open))) {
                return isTaken(locks.set(file.fd(), lock.type(), lock.start(), length(lock)));
            }
        } finally {
            releaseWhatWentMeanwhile(handle);
        }
    }

    private void releaseWhatWentMeanwhile(long handle) {
        if (!state.handles.has(handle)) {
            state.owners.removeAllBy(handle);
        }
    }

    private static boolean isTaken(int result) throws FsException {
        return result != -Errno.EAGAIN && Errors.check(result) >= 0;
    }

    private static long length(Lock lock) {
        return lock.end() == Long.MAX_VALUE ? 0 : lock.end() - lock.start() + 1;
    }

    Lock conflict(long handle, long owner, Lock lock) throws FsException {
        try (Handle open = state.handles.holdFile(handle)) {
            requireLocks(open);
            LockOwners.Key key = key(open, owner);
            try (HeldDescriptor file = state.owners.hold(key, handle, () -> ownersFile(open))) {
                FileLocks locks = state.tools().locks();
                Errors.check(locks.test(file.fd(), lock.type(), lock.start(), length(lock)));
                if (locks.type() == FileLocks.F_UNLCK) {
                    return new Lock(lock.start(), lock.end(), FileLocks.F_UNLCK, 0);
                }
                long end = locks.length() == 0 ? Long.MAX_VALUE : locks.start() + locks.length() - 1;
                return new Lock(locks.start(), end, locks.type(), 0); // a process of the host's has no number in the guest
            }
        } finally {
            releaseWhatWentMeanwhile(handle);
        }
    }

    void flush(long handle, long owner) throws FsException {
        try (Handle open = state.handles.holdFile(handle)) {
            state.owners.release(key(open, owner));
        }
    }

    /** The guest has closed what it opened for good: locks that it took by that go, also those that are an open file's rather than a process's. */
    void released(long handle) {
        state.owners.removeAllBy(handle);
    }
}
