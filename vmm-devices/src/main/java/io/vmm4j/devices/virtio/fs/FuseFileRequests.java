package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.virtio.fs.FileServer.Created;
import io.vmm4j.devices.virtio.fs.FileServer.Entry;
import io.vmm4j.devices.virtio.fs.FileServer.Lock;

/** The requests on open files and directories, but for those that move data. For one queue's thread. */
final class FuseFileRequests {

    /** struct fuse_dirent, the name behind it. */
    private static final int DIRENT = 24;
    private static final int ALIGNMENT = 8;
    private static final int F_UNLCK = 2;
    private static final long COPY_MAX = 16L << 20;

    private final FileServer server;
    private final FuseSession session;

    FuseFileRequests(FuseSession session) {
        this.session = session;
        this.server = session.server();
    }

    /** As {@link FuseNodeRequests#serve}. {@code room} is what the whole answer may have. */
    boolean serve(FuseHeader header, FuseReader in, FuseReply reply, long room) throws FsException {
        long node = header.node();
        switch (header.opcode()) {
            case FuseConstants.FUSE_OPEN -> reply.opened(server.open(node, in.u32()));
            case FuseConstants.FUSE_CREATE -> create(header, in, reply);
            case FuseConstants.FUSE_OPENDIR -> reply.opened(server.openDirectory(node));
            case FuseConstants.FUSE_READDIR -> readDirectory(in, reply, room, false, node);
            case FuseConstants.FUSE_READDIRPLUS -> readDirectory(in, reply, room, true, node);
            case FuseConstants.FUSE_RELEASE -> release(node, in);
            case FuseConstants.FUSE_RELEASEDIR -> server.release(in.u64());
            case FuseConstants.FUSE_FLUSH -> flush(node, in);
            case FuseConstants.FUSE_FSYNC, FuseConstants.FUSE_FSYNCDIR -> sync(in);
            case FuseConstants.FUSE_GETLK -> getLock(in, reply);
            case FuseConstants.FUSE_FALLOCATE -> allocate(in);
            case FuseConstants.FUSE_LSEEK -> seek(in, reply);
            case FuseConstants.FUSE_COPY_FILE_RANGE -> copy(in, reply);
            default -> {
                return false;
            }
        }
        return true;
    }

    /* struct fuse_create_in { u32 flags, mode, umask, open_flags; } and the name */
    private void create(FuseHeader header, FuseReader in, FuseReply reply) throws FsException {
        int flags = in.u32();
        int mode = in.u32();
        in.skip(2 * Integer.BYTES);
        Created created = server.create(header.caller(), header.node(), in.name(), mode, flags);
        reply.entry(created.entry()).opened(created.opened());
    }

    /* struct fuse_read_in { u64 fh, offset; u32 size, read_flags; u64 lock_owner; u32 flags, padding; } */
    private void readDirectory(FuseReader in, FuseReply reply, long room, boolean isPlus, long node) throws FsException {
        long handle = in.u64();
        long place = in.u64();
        long size = in.u32() & 0xFFFF_FFFFL;
        long end = Math.min(Math.min(room, reply.length() + size), reply.capacity());
        int start = reply.length();
        try {
            list(handle, place, reply, end, isPlus, node);
        } catch (FsException e) {
            if (reply.length() == start) {
                throw e;
            } // else the guest hears of what it has been told of, and comes back for the rest
        }
    }

    private void list(long handle, long place, FuseReply reply, long end, boolean isPlus, long node) throws FsException {
        server.readDirectory(handle, place, (inode, next, type, name) -> {
            int length = align(DIRENT + name.length);
            if (reply.length() + length + (isPlus ? FuseReply.ENTRY : 0) > end) {
                return false;
            }
            if (isPlus) {
                putEntry(node, name, reply);
            }
            reply.u64(inode).u64(next).u32(name.length).u32(type).bytes(name).zeros(length - DIRENT - name.length);
            return true;
        });
    }

    /** Nothing but zeros says that the guest has to look the name up if it cares. */
    private void putEntry(long node, byte[] name, FuseReply reply) {
        boolean isDots = name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.');
        Entry entry = null;
        try {
            entry = isDots ? null : server.lookup(node, name);
        } catch (FsException e) {
            entry = null; // gone meanwhile, or nothing is left to know it by
        }
        if (entry == null) {
            reply.zeros(FuseReply.ENTRY);
        } else {
            reply.entry(entry);
        }
    }

    private static int align(int length) {
        return length + ALIGNMENT - 1 & -ALIGNMENT;
    }

    /* struct fuse_release_in { u64 fh; u32 flags, release_flags; u64 lock_owner; } */
    private void release(long node, FuseReader in) throws FsException {
        long handle = in.u64();
        in.skip(Integer.BYTES);
        int flags = in.u32();
        long owner = in.u64();
        try {
            if ((flags & FuseConstants.FUSE_RELEASE_FLUSH) != 0) {
                session.flushed(node, owner);
                server.flush(handle, owner);
            }
        } finally {
            server.release(handle); // and with it what flock(2) had
        }
    }

    /* struct fuse_flush_in { u64 fh; u32 unused, padding; u64 lock_owner; } */
    private void flush(long node, FuseReader in) throws FsException {
        long handle = in.u64();
        in.skip(Long.BYTES);
        long owner = in.u64();
        session.flushed(node, owner);
        server.flush(handle, owner);
    }

    /* struct fuse_fsync_in { u64 fh; u32 fsync_flags, padding; } */
    private void sync(FuseReader in) throws FsException {
        long handle = in.u64();
        server.sync(handle, (in.u32() & FuseConstants.FUSE_FSYNC_FDATASYNC) != 0);
    }

    /* struct fuse_lk_in { u64 fh, owner; struct fuse_file_lock lk; u32 lk_flags, padding; } */
    private void getLock(FuseReader in, FuseReply reply) throws FsException {
        long handle = in.u64();
        long owner = in.u64();
        Lock found = server.conflict(handle, owner, lock(in));
        reply.u64(found.start()).u64(found.end()).u32(found.type()).u32(found.pid());
    }

    /* struct fuse_file_lock { u64 start, end; u32 type, pid; } */
    static Lock lock(FuseReader in) throws FsException {
        Lock lock = new Lock(in.u64(), in.u64(), in.u32(), in.u32());
        if (lock.start() < 0 || lock.end() < lock.start() || lock.type() < 0 || lock.type() > F_UNLCK) {
            throw new FsException(FuseConstants.EINVAL);
        }
        return lock;
    }

    /* struct fuse_fallocate_in { u64 fh, offset, length; u32 mode, padding; } */
    private void allocate(FuseReader in) throws FsException {
        server.allocate(in.u64(), in.u64(), in.u64(), in.u32());
    }

    /* struct fuse_lseek_in { u64 fh, offset; u32 whence, padding; } */
    private void seek(FuseReader in, FuseReply reply) throws FsException {
        reply.u64(server.seek(in.u64(), in.u64(), in.u32()));
    }

    /* struct fuse_copy_file_range_in { u64 fh_in, off_in, nodeid_out, fh_out, off_out, len, flags; } */
    private void copy(FuseReader in, FuseReply reply) throws FsException {
        long from = in.u64();
        long fromOffset = in.u64();
        in.skip(Long.BYTES);
        long to = in.u64();
        long toOffset = in.u64();
        long length = in.u64();
        if (in.u64() != 0) {
            throw new FsException(FuseConstants.EINVAL);
        }
        // The answer has 32 bits; a part is as good as the whole, and takes no queue for long.
        reply.u32((int) server.copy(from, fromOffset, to, toOffset, Long.compareUnsigned(length, COPY_MAX) > 0 ? COPY_MAX : length)).u32(0);
    }
}
