package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FileAttributes;
import io.vmm4j.devices.virtio.fs.FileAttributes.FileTime;
import io.vmm4j.devices.virtio.fs.FileServer;
import io.vmm4j.devices.virtio.fs.FileServer.Attributes;
import io.vmm4j.devices.virtio.fs.FileServer.Change;
import io.vmm4j.devices.virtio.fs.FileServer.Entry;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.devices.virtio.fs.FuseConstants;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.FileSystemStatus;
import io.vmm4j.kvm.libc.InodeStatus;

/** What files are found by, and are like. Thread-safe. */
final class NodeWork {

    private static final int W_OK = 2;
    private static final int SHELF_MODE = InodeStatus.S_IFDIR | 0555;
    private static final int SHELF_BLOCK = 4096;
    /** S_ISUID and S_ISGID. */
    static final int SET_IDS = 06000;
    private static final int SET_GID = 02000;
    private static final int PERMISSIONS = 07777;
    /** What Linux makes of a device number for 32 bits: 20 of the minor number around 12 of the major one. */
    private static final int MINOR_HIGH = 0xFFF0_0000;

    private final ShareState state;

    NodeWork(ShareState state) {
        this.state = state;
    }

    Entry lookup(long parent, byte[] name) throws FsException {
        ShareState.requirePlain(name);
        try (Inode directory = state.inodes.hold(parent)) {
            if (directory.shelf() != null) {
                return ofShelf(directory, name);
            }
            return find(directory, name);
        }
    }

    private Entry ofShelf(Inode directory, byte[] name) throws FsException {
        Inode child = state.inodes.look(directory, shelf -> {
            Inode found = shelf.child(Shelf.text(name));
            return found == null ? null : state.inodes.counted(found);
        });
        Errors.require(child != null, Errno.ENOENT);
        try (Inode held = state.inodes.hold(child.id())) {
            return new Entry(held.id(), held.shelf() != null ? shelfAttributes(held) : stat(held, held.fd()), 0);
        }
    }

    /** The file of that name, which counts as told from now on. */
    Entry find(Inode directory, byte[] name) throws FsException {
        state.inodes.takeDescriptor();
        return told(directory, name, state.calls().openBeneath(directory.fd(), name, Fd.O_PATH | Fd.O_NOFOLLOW, 0));
    }

    /**
     * The file that {@code fd} names, which counts as told from now on.
     *
     * @param fd of the budget, taken over; or the error that there was instead
     */
    Entry told(Inode directory, byte[] name, int fd) throws FsException {
        FileCalls calls = state.calls();
        InodeStatus status;
        Volume volume;
        try {
            Errors.check(fd);
            Errors.check(calls.stat(fd));
            status = calls.status();
            volume = directory.folder().volume(calls, fd, status.device());
        } catch (FsException e) {
            state.inodes.giveBack(fd);
            throw e;
        }
        long id = state.inodes.add(directory, name, volume, status, fd);
        return new Entry(id, of(volume, status), state.validMillis());
    }

    /** Something is called {@code name} in {@code directory} now: where it is found from now on, if the guest knows it. */
    void moved(Inode directory, byte[] name) throws FsException {
        state.inodes.takeDescriptor();
        FileCalls calls = state.calls();
        int fd = calls.openBeneath(directory.fd(), name, Fd.O_PATH | Fd.O_NOFOLLOW, 0);
        try {
            if (fd >= 0 && calls.stat(fd) >= 0) {
                InodeStatus status = calls.status();
                state.inodes.moved(directory.folder().volume(calls, fd, status.device()), status, directory, name);
            }
        } finally {
            state.inodes.giveBack(fd);
        }
    }

    Attributes attributes(long node, long handle) throws FsException {
        if (handle != FileServer.NO_HANDLE) {
            try (Handle open = state.handles.hold(handle)) {
                if (open.fd() >= 0) {
                    return new Attributes(stat(open.inode(), open.fd()), state.validMillis());
                }
            }
        }
        try (Inode inode = state.inodes.hold(node)) {
            return inode.shelf() != null ? new Attributes(shelfAttributes(inode), 0) : attributes(inode);
        }
    }

    Attributes attributes(Inode inode) throws FsException {
        return new Attributes(stat(inode, inode.fd()), state.validMillis());
    }

    private FileAttributes stat(Inode inode, int fd) throws FsException {
        FileCalls calls = state.calls();
        Errors.check(calls.stat(fd));
        return of(inode.volume(), calls.status());
    }

    private static FileAttributes of(Volume volume, InodeStatus s) {
        return new FileAttributes(volume.shown(s.inode()), s.size(), s.blocks(), s.mode(), (int) s.links(), s.uid(), s.gid(),
                device(s.specialDevice()), (int) s.blockSize(), new FileTime(s.atime(), s.atimeNanos()), new FileTime(s.mtime(), s.mtimeNanos()),
                new FileTime(s.ctime(), s.ctimeNanos()));
    }

    /** A device number of 64 bits in the form of 32. */
    private static int device(long number) {
        int major = (int) (number >>> 8 & 0xFFF | number >>> 32 & 0xFFFF_F000L);
        int minor = (int) (number & 0xFF | number >>> 12 & 0xFFFF_FF00L);
        return minor & 0xFF | major << 8 & 0xF_FF00 | minor << 12 & MINOR_HIGH;
    }

    private static FileAttributes shelfAttributes(Inode inode) {
        FileTime never = new FileTime(0, 0);
        return new FileAttributes(inode.volume().shown(inode.id()), 0, 0, SHELF_MODE, 2, 0, 0, 0, SHELF_BLOCK, never, never, never);
    }

    Attributes change(long node, Change change) throws FsException {
        try (Inode inode = state.inodes.holdFile(node)) {
            inode.folder().requireWritable();
            if (change.has(FuseConstants.FATTR_SIZE)) {
                truncate(inode, change);
            }
            if (change.has(FuseConstants.FATTR_UID | FuseConstants.FATTR_GID)) {
                Errors.check(state.calls().chown(inode.fd(), change.has(FuseConstants.FATTR_UID) ? change.uid() : -1,
                        change.has(FuseConstants.FATTR_GID) ? change.gid() : -1));
            }
            if (change.has(FuseConstants.FATTR_MODE)) {
                Errors.require(!inode.isLink(), Errno.EOPNOTSUPP);
                chmod(inode, mode(inode.folder(), change.mode(), inode.isDirectory()));
            }
            if (change.has(FuseConstants.FATTR_ATIME | FuseConstants.FATTR_MTIME)) {
                setTimes(inode, change);
            }
            return attributes(inode);
        }
    }

    /** The permissions in {@code mode} without what would give a program the rights of another, unless the folder has that. */
    static int mode(Folder folder, int mode, boolean isDirectory) {
        return folder.isPrivileged() || isDirectory ? mode & PERMISSIONS : mode & PERMISSIONS & ~SET_IDS;
    }

    /** The set-gid bit of a directory is lost unless its group asks: on behalf of that, as the guest's kernel has looked at who may. */
    void chmod(Inode inode, int mode) throws FsException {
        Tools tools = state.tools();
        int group = 0;
        if (inode.isDirectory() && (mode & SET_GID) != 0) {
            Errors.check(tools.calls().stat(inode.fd()));
            group = tools.calls().status().gid();
        }
        Errors.check(tools.inGroup(group, () -> tools.calls().chmod(state.links(), FileCalls.number(inode.fd()), mode)));
    }

    private void truncate(Inode inode, Change change) throws FsException {
        Errors.require(change.size() >= 0, Errno.EINVAL);
        if (change.handle() != FileServer.NO_HANDLE) {
            try (Handle open = state.handles.holdFile(change.handle())) {
                if (open.isWritable() && open.inode() == inode) {
                    Errors.check(state.calls().truncate(open.fd(), change.size()));
                    return;
                }
            }
        }
        Errors.require(inode.isRegular(), inode.isDirectory() ? Errno.EISDIR : Errno.EINVAL);
        FileCalls calls = state.calls();
        int fd = Errors.check(calls.openLink(state.links(), FileCalls.number(inode.fd()), Fd.O_RDWR | Fd.O_NONBLOCK));
        int done = calls.truncate(fd, change.size());
        calls.close(fd);
        Errors.check(done);
    }

    private void setTimes(Inode inode, Change change) throws FsException {
        Errors.check(state.calls().setTimes(state.links(), FileCalls.number(inode.fd()),
                change.atime().seconds(), nanos(change, FuseConstants.FATTR_ATIME, FuseConstants.FATTR_ATIME_NOW, change.atime()),
                change.mtime().seconds(), nanos(change, FuseConstants.FATTR_MTIME, FuseConstants.FATTR_MTIME_NOW, change.mtime())));
    }

    private static int nanos(Change change, int set, int now, FileTime time) {
        return !change.has(set) ? FileCalls.UTIME_OMIT : change.has(now) ? FileCalls.UTIME_NOW : time.nanos();
    }

    byte[] readLink(long node) throws FsException {
        try (Inode inode = state.inodes.holdFile(node)) {
            FileCalls calls = state.calls();
            return calls.value(Errors.check(calls.readlink(inode.fd())));
        }
    }

    void access(long node, int mask) throws FsException {
        try (Inode inode = state.inodes.hold(node)) {
            if (inode.shelf() != null) {
                Errors.require((mask & W_OK) == 0, Errno.EROFS);
                return;
            }
            Errors.require((mask & W_OK) == 0 || !inode.folder().isReadOnly(), Errno.EROFS);
            Errors.check(state.calls().access(state.links(), FileCalls.number(inode.fd()), mask));
        }
    }

    FileServer.Statistics statistics(long node) throws FsException {
        try (Inode inode = state.inodes.hold(node)) {
            if (inode.shelf() != null) {
                return new FileServer.Statistics(0, 0, 0, 0, 0, SHELF_BLOCK, 255, SHELF_BLOCK);
            }
            FileCalls calls = state.calls();
            Errors.check(calls.statFileSystem(inode.fd()));
            FileSystemStatus s = calls.fileSystemStatus();
            return new FileServer.Statistics(s.blocks(), s.free(), s.available(), s.files(), s.filesFree(), (int) s.blockSize(), (int) s.nameLength(),
                    (int) s.fragmentSize());
        }
    }

    void syncAll(long node) throws FsException {
        try (Inode inode = state.inodes.hold(node)) {
            if (inode.shelf() != null) {
                for (long folder : state.inodes.foldersBelow(inode)) {
                    syncAll(folder);
                }
                return;
            }
            FileCalls calls = state.calls();
            Errors.require(inode.isDirectory(), Errno.EINVAL);
            int fd = Errors.check(calls.openLink(state.links(), FileCalls.number(inode.fd()), Fd.O_RDONLY | Fd.O_DIRECTORY));
            int done = calls.syncFileSystem(fd);
            calls.close(fd);
            Errors.check(done);
        }
    }
}
