package io.vmm4j.core.share;

import io.vmm4j.core.config.ShareConfig.Cache;
import io.vmm4j.devices.virtio.fs.FileServer.Caller;
import io.vmm4j.devices.virtio.fs.FileServer.Created;
import io.vmm4j.devices.virtio.fs.FileServer.Entry;
import io.vmm4j.devices.virtio.fs.FileServer.Opened;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.devices.virtio.fs.FuseConstants;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.IoVec;
import java.nio.ByteBuffer;

/** What opens files, and moves their content. Thread-safe. */
final class FileWork {

    private static final int O_ACCMODE = 3;
    /** What of an open's flags matters to the host: the rest is the guest's own kernel's. */
    private static final int KEPT_FLAGS = O_ACCMODE | Fd.O_TRUNC | 0x10_1000; // O_SYNC
    /** KEEP_SIZE, PUNCH_HOLE and ZERO_RANGE, which are all that a guest's kernel sends. */
    private static final int ALLOCATE_MODES = 0x13;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private final ShareState state;
    private final NodeWork nodes;

    FileWork(ShareState state, NodeWork nodes) {
        this.state = state;
        this.nodes = nodes;
    }

    Opened open(long node, int flags) throws FsException {
        Inode inode = state.inodes.holdFile(node);
        boolean isOpen = false;
        try {
            Errors.require(inode.isRegular(), inode.isDirectory() ? Errno.EISDIR : Errno.EINVAL);
            boolean writes = (flags & O_ACCMODE) != Fd.O_RDONLY || (flags & Fd.O_TRUNC) != 0;
            if (writes) {
                inode.folder().requireWritable();
            }
            boolean isWritable = (flags & O_ACCMODE) != Fd.O_RDONLY;
            Handle handle = reopenAs(inode, isWritable, flags);
            isOpen = true; // from here on, the handle's
            return opened(handle);
        } finally {
            if (!isOpen) {
                inode.close();
            }
        }
    }

    /** With a cache that writes wait in, the guest reads what it writes parts of. Each write says whether it is for the file's end. */
    private int hostFlags(int flags) {
        int kept = flags & KEPT_FLAGS;
        return state.config.writeback() && (kept & O_ACCMODE) == Fd.O_WRONLY ? kept & ~O_ACCMODE | Fd.O_RDWR : kept;
    }

    /** The handle takes {@code inode} over. */
    private Handle reopenAs(Inode inode, boolean isWritable, int flags) throws FsException {
        boolean onlyAppends = false;
        int fd;
        try {
            fd = reopen(inode, hostFlags(flags));
        } catch (FsException e) {
            // A file that can only be appended to; but what has waited in a cache would come to its end too, wherever it belongs.
            Errors.require(e.errno() == Errno.EPERM && (flags & Fd.O_APPEND) != 0 && !state.config.writeback(), e.errno());
            fd = reopen(inode, hostFlags(flags) | Fd.O_APPEND);
            onlyAppends = true;
        }
        return new Handle(inode, false, isWritable, onlyAppends, fd, state.budget);
    }

    /** A descriptor, from the budget, of a regular file. */
    int reopen(Inode inode, int flags) throws FsException {
        Errors.require(inode.isRegular(), Errno.EINVAL);
        state.inodes.takeDescriptor();
        int fd = state.calls().openLink(state.links(), FileCalls.number(inode.fd()), flags | Fd.O_NONBLOCK | Fd.O_NOCTTY);
        if (fd < 0) {
            state.budget.give();
            throw new FsException(-fd);
        }
        return fd;
    }

    /** Takes {@code handle} over. */
    private Opened opened(Handle handle) throws FsException {
        long number = state.handles.add(handle);
        Cache cache = state.config.cache();
        return new Opened(number, cache == Cache.ALWAYS ? FuseConstants.FOPEN_KEEP_CACHE
                : cache == Cache.AUTO ? 0 : FuseConstants.FOPEN_DIRECT_IO);
    }

    Created create(Caller caller, long parent, byte[] name, int mode, int flags) throws FsException {
        ShareState.requirePlain(name);
        try (Inode directory = state.inodes.holdFile(parent)) {
            directory.folder().requireWritable();
            state.handles.requireRoom();
            takeTwoDescriptors();
            Tools tools = state.tools();
            int wanted = NodeWork.mode(directory.folder(), mode, false);
            int fd;
            try {
                fd = tools.as(caller, () -> tools.calls().openBeneath(directory.fd(), name,
                        hostFlags(flags) | Fd.O_CREAT | Fd.O_EXCL | Fd.O_NOFOLLOW | Fd.O_NONBLOCK, wanted));
            } catch (FsException e) {
                giveTwoDescriptors();
                throw e;
            }
            if (fd >= 0 && tools.cutsModes()) {
                tools.calls().chmod(fd, wanted);
            }
            if (fd < 0) {
                giveTwoDescriptors();
                Errors.require(fd == -Errno.EEXIST && (flags & Fd.O_EXCL) == 0, -fd);
                return openExisting(directory, name, flags);
            }
            return created(directory, name, fd);
        }
    }

    /** Of the budget: what is made by one is not told of without the other. */
    private void takeTwoDescriptors() throws FsException {
        state.inodes.takeDescriptor();
        try {
            state.inodes.takeDescriptor();
        } catch (FsException e) {
            state.budget.give();
            throw e;
        }
    }

    private void giveTwoDescriptors() {
        state.budget.give();
        state.budget.give();
    }

    /**
     * The node is of what was made, which others may have renamed meanwhile, and not of what the name is now.
     *
     * @param fd one of two descriptors that were taken from the budget
     */
    private Created created(Inode directory, byte[] name, int fd) throws FsException {
        Entry entry = null;
        try {
            entry = nodes.told(directory, name, state.calls().openLink(state.links(), FileCalls.number(fd), Fd.O_PATH));
            Inode inode = state.inodes.hold(entry.node());
            int taken = fd;
            fd = -1; // from here on, the handle's
            return new Created(entry, opened(new Handle(inode, false, true, false, taken, state.budget)));
        } catch (FsException e) {
            if (fd >= 0) {
                state.inodes.giveBack(fd);
            }
            if (entry != null) {
                state.inodes.forget(entry.node(), 1);
            }
            throw e;
        }
    }

    private Created openExisting(Inode directory, byte[] name, int flags) throws FsException {
        Entry entry = nodes.find(directory, name);
        Opened opened = null;
        try {
            opened = open(entry.node(), flags);
        } finally {
            if (opened == null) {
                state.inodes.forget(entry.node(), 1);
            }
        }
        return new Created(entry, opened);
    }

    long read(long handle, long offset, ByteBuffer[] views, int count) throws FsException {
        Errors.require(offset >= 0, Errno.EINVAL);
        try (Handle open = state.handles.holdFile(handle)) {
            return move(open, offset, views, count, FileCalls::read);
        }
    }

    long write(long handle, long offset, ByteBuffer[] views, int count, boolean appends, boolean dropsSetIds) throws FsException {
        Errors.require(offset >= 0, Errno.EINVAL);
        try (Handle open = state.handles.holdFile(handle)) {
            Errors.require(open.isWritable(), Errno.EBADF);
            Errors.require(appends || !open.onlyAppends(), Errno.EPERM); // it would not go to where it is to
            Move move = appends && !state.config.writeback() ? FileCalls::append : FileCalls::write;
            if (dropsSetIds && open.inode().folder().isPrivileged()) {
                return state.tools().droppingSetIds(() -> move(open, offset, views, count, move));
            }
            return move(open, offset, views, count, move);
        }
    }

    /** What the host's file system has found out about writes since the last time is told now, if it tells at all. */
    void flush(long handle) throws FsException {
        try (Handle open = state.handles.hold(handle)) {
            if (open.isWritable()) {
                Errors.check(state.calls().flush(open.fd()));
            }
        }
    }

    private interface Move {
        long call(FileCalls calls, int fd, IoVec vector, long offset);
    }

    /** Goes on after what the kernel cuts short, up to the end of the views or of the file; an error after that tells of what was moved. */
    private long move(Handle open, long offset, ByteBuffer[] views, int count, Move move) throws FsException {
        Tools tools = state.tools();
        long moved = 0;
        for (int first = skipEmpty(views, 0, count); first < count; first = skipEmpty(views, first, count)) {
            fill(tools.vector(), views, first, count);
            long length = move.call(tools.calls(), open.fd(), tools.vector(), offset + moved);
            if (length <= 0) {
                return moved > 0 ? moved : Errors.check(length);
            }
            moved += length;
            advance(views, first, length);
        }
        return moved;
    }

    private static int skipEmpty(ByteBuffer[] views, int from, int count) {
        int index = from;
        while (index < count && !views[index].hasRemaining()) {
            index++;
        }
        return index;
    }

    private static void fill(IoVec vector, ByteBuffer[] views, int first, int count) {
        vector.clear();
        for (int i = first; i < count && vector.count() < vector.capacity(); i++) {
            if (views[i].hasRemaining()) {
                vector.add(views[i]);
            }
        }
    }

    private static void advance(ByteBuffer[] views, int first, long length) {
        long left = length;
        for (int i = first; left > 0; i++) {
            int part = (int) Math.min(left, views[i].remaining());
            views[i].position(views[i].position() + part);
            left -= part;
        }
    }

    void sync(long handle, boolean dataOnly) throws FsException {
        try (Handle open = state.handles.hold(handle)) {
            if (open.fd() >= 0) {
                Errors.check(state.calls().sync(open.fd(), dataOnly));
            }
        }
    }

    void allocate(long handle, long offset, long length, int mode) throws FsException {
        Errors.require((mode & ~ALLOCATE_MODES) == 0, Errno.EOPNOTSUPP);
        try (Handle open = state.handles.holdFile(handle)) {
            Errors.require(open.isWritable(), Errno.EBADF);
            Errors.check(state.calls().allocate(open.fd(), mode, offset, length));
        }
    }

    long seek(long handle, long offset, int whence) throws FsException {
        Errors.require(whence == SEEK_DATA || whence == SEEK_HOLE, Errno.EINVAL);
        try (Handle open = state.handles.holdFile(handle)) {
            return Errors.check(state.calls().seek(open.fd(), offset, whence));
        }
    }

    long copy(long from, long fromOffset, long to, long toOffset, long length) throws FsException {
        try (Handle source = state.handles.holdFile(from); Handle target = state.handles.holdFile(to)) {
            Errors.require(target.isWritable(), Errno.EBADF);
            return Errors.check(state.calls().copy(source.fd(), fromOffset, target.fd(), toOffset, length));
        }
    }
}
