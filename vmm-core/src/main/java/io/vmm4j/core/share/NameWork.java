package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FileServer.Caller;
import io.vmm4j.devices.virtio.fs.FileServer.Entry;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.InodeStatus;

/** What makes names in directories, and takes them away. Thread-safe. */
final class NameWork {

    private static final int RENAME_NOREPLACE = 1;
    private static final int RENAME_EXCHANGE = 2;
    private static final int PERMISSIONS = 07777;

    private final ShareState state;
    private final NodeWork nodes;

    NameWork(ShareState state, NodeWork nodes) {
        this.state = state;
        this.nodes = nodes;
    }

    /** Makes something in a directory; as a system call returns. */
    private interface Making {
        int make(FileCalls calls, int directory);
    }

    /** A directory that may be changed, held. */
    private Inode parent(long node, byte[] name) throws FsException {
        ShareState.requirePlain(name);
        Inode directory = state.inodes.holdFile(node);
        if (directory.folder().isReadOnly()) {
            directory.close();
            throw new FsException(Errno.EROFS);
        }
        return directory;
    }

    private Entry make(Caller caller, Inode directory, byte[] name, Making making) throws FsException {
        Tools tools = state.tools();
        Errors.check(tools.as(caller, () -> making.make(tools.calls(), directory.fd())));
        return nodes.find(directory, name);
    }

    /** As {@link #make}, of something with permissions, which are as wanted also where the process's umask cuts them. */
    private Entry make(Caller caller, Inode directory, byte[] name, int mode, Making making) throws FsException {
        Entry made = make(caller, directory, name, making);
        int set = made.attributes().mode();
        if (!state.tools().cutsModes() || (set & PERMISSIONS & ~NodeWork.SET_IDS) == (mode & ~NodeWork.SET_IDS)) {
            return made;
        }
        try (Inode inode = state.inodes.hold(made.node())) {
            Errors.require(!inode.isLink(), Errno.ESTALE); // another has put it there
            nodes.chmod(inode, mode | set & NodeWork.SET_IDS);
            return new Entry(made.node(), nodes.attributes(inode).attributes(), made.validMillis());
        } catch (FsException e) {
            state.inodes.forget(made.node(), 1);
            throw e;
        }
    }

    Entry makeLink(Caller caller, long parent, byte[] name, byte[] target) throws FsException {
        try (Inode directory = parent(parent, name)) {
            return make(caller, directory, name, (calls, at) -> calls.symlink(target, at, name));
        }
    }

    Entry makeDirectory(Caller caller, long parent, byte[] name, int mode) throws FsException {
        try (Inode directory = parent(parent, name)) {
            int wanted = mode & PERMISSIONS & ~NodeWork.SET_IDS; // a directory has its set-gid bit from the one it is in
            return make(caller, directory, name, wanted, (calls, at) -> calls.mkdir(at, name, wanted));
        }
    }

    Entry makeNode(Caller caller, long parent, byte[] name, int mode, int device) throws FsException {
        try (Inode directory = parent(parent, name)) {
            int type = mode & InodeStatus.S_IFMT;
            boolean isDevice = type == InodeStatus.S_IFCHR || type == InodeStatus.S_IFBLK;
            Errors.require(!isDevice || directory.folder().isPrivileged(), Errno.EPERM);
            boolean isKnown = isDevice || type == InodeStatus.S_IFREG || type == InodeStatus.S_IFIFO || type == InodeStatus.S_IFSOCK || type == 0;
            Errors.require(isKnown, Errno.EINVAL);
            int wanted = NodeWork.mode(directory.folder(), mode, false);
            return make(caller, directory, name, wanted, (calls, at) -> calls.mknod(at, name, type | wanted, isDevice ? device : 0));
        }
    }

    Entry link(long node, long newParent, byte[] newName) throws FsException {
        try (Inode inode = state.inodes.holdFile(node); Inode directory = parent(newParent, newName)) {
            Errors.require(inode.folder() == directory.folder(), Errno.EXDEV);
            Errors.require(!inode.isDirectory(), Errno.EPERM);
            Errors.check(state.calls().link(state.links(), FileCalls.number(inode.fd()), directory.fd(), newName));
            return nodes.find(directory, newName);
        }
    }

    void unlink(long parent, byte[] name, int flags) throws FsException {
        try (Inode directory = parent(parent, name)) {
            Errors.check(state.calls().unlink(directory.fd(), name, flags));
        }
    }

    void rename(long parent, byte[] name, long newParent, byte[] newName, int flags) throws FsException {
        Errors.require((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) == 0, Errno.EINVAL);
        try (Inode from = parent(parent, name); Inode to = parent(newParent, newName)) {
            Errors.require(from.folder() == to.folder(), Errno.EXDEV);
            Errors.check(state.calls().rename(from.fd(), name, to.fd(), newName, flags));
            settle(to, newName);
            if ((flags & RENAME_EXCHANGE) != 0) {
                settle(from, name);
            }
        }
    }

    /** What has been renamed is found by its new name from now on; where that fails, the guest has to look it up anew. */
    private void settle(Inode directory, byte[] name) {
        try {
            nodes.moved(directory, name);
        } catch (FsException e) {
            return; // renamed it is, whatever comes of this
        }
    }
}
