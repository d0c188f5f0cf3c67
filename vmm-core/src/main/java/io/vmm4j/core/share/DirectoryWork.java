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
import java.util.concurrent.atomic.AtomicReference;

/** What is in directories. A place in one is the host's file system's own. Thread-safe. */
final class DirectoryWork {

    private static final int READ_LENGTH = 32 << 10;
    private static final int SEEK_SET = 0;
    private static final int DT_DIR = 4;
    /* struct linux_dirent64 { u64 d_ino, d_off; u16 d_reclen; u8 d_type; char d_name[]; } */
    private static final int D_OFF = 8;
    private static final int D_RECLEN = 16;
    private static final int D_TYPE = 18;
    private static final int D_NAME = 19;

    private final ShareState state;
    /** Of the directory that was read last, so that what is kept is little however many are open. */
    private final AtomicReference<Listing> rest = new AtomicReference<>();

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
            long number = state.handles.add(new Handle(inode, true, false, false, fd, state.budget));
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
                Listing listing = listing(open, handle, place);
                boolean isMore = true;
                while (isMore && listing.fill(state.calls(), open.fd())) {
                    isMore = listing.handOut(open.inode().volume(), names);
                }
                if (listing.entries.hasRemaining()) {
                    rest.set(listing);
                }
            }
        }
    }

    /** What was left of this directory the last time, where it goes on from there: to look for a place in a directory costs the host a lot. */
    private Listing listing(Handle open, long handle, long place) throws FsException {
        Listing left = rest.getAndSet(null);
        if (left != null && left.handle == handle && left.place == place) {
            return left;
        }
        Errors.check(state.calls().seek(open.fd(), place, SEEK_SET));
        return new Listing(handle, place);
    }

    /** Entries of a directory that the host has told and the guest has no room for yet. For one thread at a time. */
    private static final class Listing {
        private final long handle;
        private long place;
        private ByteBuffer entries = ByteBuffer.allocate(0);

        Listing(long handle, long place) {
            this.handle = handle;
            this.place = place;
        }

        /** False when there are no more. */
        boolean fill(FileCalls calls, int fd) throws FsException {
            if (!entries.hasRemaining()) {
                int length = Errors.check(calls.readDirectory(fd, READ_LENGTH));
                entries = calls.directory(length);
            }
            return entries.hasRemaining();
        }

        /** Returns whether there was room for all. */
        boolean handOut(Volume volume, Names names) throws FsException {
            while (entries.hasRemaining()) {
                int at = entries.position();
                int end = at + D_NAME;
                while (entries.get(end) != 0) {
                    end++;
                }
                byte[] name = new byte[end - at - D_NAME];
                entries.get(at + D_NAME, name);
                long next = entries.getLong(at + D_OFF);
                if (!names.add(volume.shown(entries.getLong(at)), next, entries.get(at + D_TYPE), name)) {
                    return false;
                }
                place = next;
                entries.position(at + (entries.getShort(at + D_RECLEN) & 0xFFFF));
            }
            return true;
        }
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
