package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FileServer.Lock;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileLocks;

/** Locks, which are the host's own, so that they hold between guests and the host's programs. Never waits. Thread-safe. */
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

    /** What an owner's locks are on. */
    private static final class OwnersFile extends HeldDescriptor {
        OwnersFile(int fd, Descriptors budget) {
            super(fd, budget);
        }
    }

    private HeldDescriptor ownersFile(Inode inode) throws FsException {
        int fd;
        try {
            fd = files.reopen(inode, inode.folder().isReadOnly() ? Fd.O_RDONLY : Fd.O_RDWR);
        } catch (FsException e) {
            Errors.require(e.errno() == Errno.EACCES || e.errno() == Errno.EROFS || e.errno() == Errno.ETXTBSY, e.errno());
            fd = files.reopen(inode, Fd.O_RDONLY); // good for locks to read
        }
        return new OwnersFile(fd, state.budget);
    }

    boolean lock(long handle, long owner, Lock lock, boolean ofFile) throws FsException {
        try (Handle open = state.handles.hold(handle)) {
            FileLocks locks = state.tools().locks();
            if (ofFile) {
                return isTaken(locks.lockFile(open.fd(), lock.type())); // of a directory, too
            }
            Errors.require(!open.isDirectory(), Errno.EBADF);
            if (lock.type() == FileLocks.F_UNLCK) {
                try (HeldDescriptor file = state.owners.existing(key(open, owner))) {
                    return file == null || isTaken(locks.set(file.fd(), lock.type(), lock.start(), length(lock)));
                }
            }
            try (HeldDescriptor file = state.owners.hold(key(open, owner), () -> ownersFile(open.inode()))) {
                return isTaken(locks.set(file.fd(), lock.type(), lock.start(), length(lock)));
            }
        }
    }

    private static boolean isTaken(int result) throws FsException {
        return result != -Errno.EAGAIN && Errors.check(result) >= 0;
    }

    private static long length(Lock lock) {
        return lock.end() == Long.MAX_VALUE ? 0 : lock.end() - lock.start() + 1;
    }

    Lock conflict(long handle, long owner, Lock lock) throws FsException {
        try (Handle open = state.handles.holdFile(handle);
                HeldDescriptor file = state.owners.hold(key(open, owner), () -> ownersFile(open.inode()))) {
            FileLocks locks = state.tools().locks();
            Errors.check(locks.test(file.fd(), lock.type(), lock.start(), length(lock)));
            if (locks.type() == FileLocks.F_UNLCK) {
                return new Lock(lock.start(), lock.end(), FileLocks.F_UNLCK, 0);
            }
            long end = locks.length() == 0 ? Long.MAX_VALUE : locks.start() + locks.length() - 1;
            return new Lock(locks.start(), end, locks.type(), 0); // a process of the host's has no number in the guest
        }
    }

    void flush(long handle, long owner) throws FsException {
        try (Handle open = state.handles.holdFile(handle)) {
            state.owners.release(key(open, owner));
        }
    }
}
