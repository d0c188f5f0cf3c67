package io.vmm4j.core.share;

import io.vmm4j.core.config.ShareConfig.Cache;
import io.vmm4j.devices.virtio.fs.FileServer.Names;
import io.vmm4j.devices.virtio.fs.FileServer.Opened;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.devices.virtio.fs.FuseConstants;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileCalls;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What is in directories. A place in one is the host's file system's own. Thread-safe. */
final class DirectoryWork {

    private static final int READ_LENGTH = 4 << 10;
    private static final int SEEK_SET = 0;
    private static final int DT_DIR = 4;
    /* struct linux_dirent64 { u64 d_ino, d_off; u16 d_reclen; u8 d_type; char d_name[]; } */
    private static final int D_OFF = 8;
    private static final int D_RECLEN = 16;
    private static final int D_TYPE = 18;
    private static final int D_NAME = 19;

    private final ShareState state;

    DirectoryWork(ShareState state) {
        this.state = state;
    }

    Opened open(long node) throws FsException {
        Inode inode = state.inodes.hold(node);
        boolean isOpen = false;
        try {
            Errors.require(inode.isDirectory(), Errno.ENOTDIR);
            int fd = inode.shelf() != null ? -1 : reopen(inode);
            isOpen = true; // from here on, the handle's
            long number = state.handles.add(new Handle(inode, true, false, fd, state.budget));
            return new Opened(number, state.config.cache() == Cache.ALWAYS && fd >= 0
                    ? FuseConstants.FOPEN_CACHE_DIR | FuseConstants.FOPEN_KEEP_CACHE : 0);
        } finally {
            if (!isOpen) {
                inode.close();
            }
        }
    }

    private int reopen(Inode inode) throws FsException {
        state.inodes.takeDescriptor();
        int fd = state.calls().openLink(state.links(), FileCalls.number(inode.fd()), Fd.O_RDONLY | Fd.O_DIRECTORY);
        if (fd < 0) {
            state.budget.give();
            throw new FsException(-fd);
        }
        return fd;
    }

    void read(long handle, long place, Names names) throws FsException {
        try (Handle open = state.handles.hold(handle)) {
            Errors.require(open.isDirectory(), Errno.ENOTDIR);
            if (open.fd() < 0) {
                readShelf(open, place, names);
                return;
            }
            synchronized (open) { // its place is one for all who read
                FileCalls calls = state.calls();
                Errors.check(calls.seek(open.fd(), place, SEEK_SET));
                boolean isMore = true;
                while (isMore) {
                    int length = Errors.check(calls.readDirectory(open.fd(), READ_LENGTH));
                    isMore = length > 0 && handOut(open.inode(), calls.directory(length), names);
                }
            }
        }
    }

    /** Returns whether there was room for all. */
    private static boolean handOut(Inode directory, ByteBuffer entries, Names names) throws FsException {
        for (int at = 0; at < entries.limit(); at += entries.getShort(at + D_RECLEN) & 0xFFFF) {
            int end = at + D_NAME;
            while (entries.get(end) != 0) {
                end++;
            }
            byte[] name = new byte[end - at - D_NAME];
            entries.get(at + D_NAME, name);
            long inode = directory.volume().shown(entries.getLong(at));
            if (!names.add(inode, entries.getLong(at + D_OFF), entries.get(at + D_TYPE), name)) {
                return false;
            }
        }
        return true;
    }

    /** A place is the number of the node before it, behind those of "." and "..": it stays what it is whatever comes and goes. */
    private void readShelf(Handle open, long place, Names names) throws FsException {
        Volume own = open.inode().volume();
        long self = own.shown(open.inode().id());
        boolean isRoom = (place > 0 || names.add(self, 1, DT_DIR, new byte[] {'.'})) && (place > 1 || names.add(self, 2, DT_DIR, new byte[] {'.', '.'}));
        for (Map.Entry<String, Inode> child : open.children(state.inodes)) {
            long next = child.getValue().id() + 2;
            if (isRoom && next > place) {
                isRoom = names.add(own.shown(child.getValue().id()), next, DT_DIR, child.getKey().getBytes(StandardCharsets.UTF_8));
            }
        }
    }
}
