package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.virtio.fs.FileAttributes.FileTime;

/** The requests on names and nodes. For one queue's thread. */
final class FuseNodeRequests {

    private static final int XATTR_SIZE_MAX = 0x1_0000;
    /** struct fuse_kstatfs has six spare words behind a padding. */
    private static final int STATFS_REST = 7 * Integer.BYTES;

    private final FileServer server;

    FuseNodeRequests(FileServer server) {
        this.server = server;
    }

    /** Carries a request out and puts its answer behind the header's room; false when its opcode is not one of these. */
    boolean serve(FuseHeader header, FuseReader in, FuseReply reply) throws FsException {
        long node = header.node();
        switch (header.opcode()) {
            case FuseConstants.FUSE_LOOKUP -> reply.entry(server.lookup(node, in.name()));
            case FuseConstants.FUSE_GETATTR -> getAttributes(node, in, reply);
            case FuseConstants.FUSE_SETATTR -> setAttributes(node, in, reply);
            case FuseConstants.FUSE_READLINK -> reply.bytes(server.readLink(node));
            case FuseConstants.FUSE_SYMLINK -> reply.entry(server.makeLink(header.caller(), node, in.name(), in.name()));
            case FuseConstants.FUSE_MKNOD -> makeNode(header, in, reply);
            case FuseConstants.FUSE_MKDIR -> makeDirectory(header, in, reply);
            case FuseConstants.FUSE_UNLINK -> server.unlink(node, in.name());
            case FuseConstants.FUSE_RMDIR -> server.removeDirectory(node, in.name());
            case FuseConstants.FUSE_RENAME -> rename(node, in.u64(), 0, in);
            case FuseConstants.FUSE_RENAME2 -> rename2(node, in);
            case FuseConstants.FUSE_LINK -> reply.entry(server.link(in.u64(), node, in.name()));
            case FuseConstants.FUSE_STATFS -> statistics(node, reply);
            case FuseConstants.FUSE_ACCESS -> server.access(node, in.u32());
            case FuseConstants.FUSE_SETXATTR -> setXattr(node, in);
            case FuseConstants.FUSE_GETXATTR -> getXattr(node, in, reply);
            case FuseConstants.FUSE_LISTXATTR -> listXattr(node, in, reply);
            case FuseConstants.FUSE_REMOVEXATTR -> server.removeAttribute(node, in.name());
            case FuseConstants.FUSE_SYNCFS -> server.syncAll(node);
            default -> {
                return false;
            }
        }
        return true;
    }

    /* struct fuse_getattr_in { u32 getattr_flags, dummy; u64 fh; } */
    private void getAttributes(long node, FuseReader in, FuseReply reply) throws FsException {
        int flags = in.u32();
        in.skip(Integer.BYTES);
        long handle = in.u64();
        reply.attributes(server.attributes(node, (flags & FuseConstants.FUSE_GETATTR_FH) != 0 ? handle : FileServer.NO_HANDLE));
    }

    /*
     * struct fuse_setattr_in { u32 valid, padding; u64 fh, size, lock_owner, atime, mtime, ctime; u32 atimensec, mtimensec, ctimensec, mode,
     *                          unused4, uid, gid, unused5; }
     */
    private void setAttributes(long node, FuseReader in, FuseReply reply) throws FsException {
        int valid = in.u32();
        in.skip(Integer.BYTES);
        long handle = in.u64();
        long size = in.u64();
        in.skip(Long.BYTES);
        long atime = in.u64();
        long mtime = in.u64();
        in.skip(Long.BYTES);
        int atimeNanos = in.u32();
        int mtimeNanos = in.u32();
        in.skip(Integer.BYTES);
        int mode = in.u32();
        in.skip(Integer.BYTES);
        int uid = in.u32();
        int gid = in.u32();
        reply.attributes(server.change(node, new FileServer.Change(valid,
                (valid & FuseConstants.FATTR_FH) != 0 ? handle : FileServer.NO_HANDLE, size, mode, uid, gid,
                new FileTime(atime, atimeNanos), new FileTime(mtime, mtimeNanos))));
    }

    /* struct fuse_mknod_in { u32 mode, rdev, umask, padding; } and the name. The umask has been applied. */
    private void makeNode(FuseHeader header, FuseReader in, FuseReply reply) throws FsException {
        int mode = in.u32();
        int device = in.u32();
        in.skip(2 * Integer.BYTES);
        reply.entry(server.makeNode(header.caller(), header.node(), in.name(), mode, device));
    }

    /* struct fuse_mkdir_in { u32 mode, umask; } and the name */
    private void makeDirectory(FuseHeader header, FuseReader in, FuseReply reply) throws FsException {
        int mode = in.u32();
        in.skip(Integer.BYTES);
        reply.entry(server.makeDirectory(header.caller(), header.node(), in.name(), mode));
    }

    private void rename(long node, long newParent, int flags, FuseReader in) throws FsException {
        byte[] name = in.name();
        server.rename(node, name, newParent, in.name(), flags);
    }

    /* struct fuse_rename2_in { u64 newdir; u32 flags, padding; } and both names */
    private void rename2(long node, FuseReader in) throws FsException {
        long newParent = in.u64();
        int flags = in.u32();
        in.skip(Integer.BYTES);
        rename(node, newParent, flags, in);
    }

    private void statistics(long node, FuseReply reply) throws FsException {
        FileServer.Statistics s = server.statistics(node);
        reply.u64(s.blocks()).u64(s.free()).u64(s.available()).u64(s.files()).u64(s.filesFree());
        reply.u32(s.blockSize()).u32(s.nameLength()).u32(s.fragmentSize()).zeros(STATFS_REST);
    }

    /* struct fuse_setxattr_in { u32 size, flags; }, the name, the value */
    private void setXattr(long node, FuseReader in) throws FsException {
        int size = in.u32();
        int flags = in.u32();
        byte[] name = in.name();
        if (size < 0 || size > XATTR_SIZE_MAX) {
            throw new FsException(FuseConstants.E2BIG);
        }
        server.setAttribute(node, name, in.bytes(size), flags);
    }

    /* struct fuse_getxattr_in { u32 size, padding; } and the name */
    private void getXattr(long node, FuseReader in, FuseReply reply) throws FsException {
        int room = in.u32();
        in.skip(Integer.BYTES);
        giveXattr(server.attribute(node, in.name()), room, reply);
    }

    private void listXattr(long node, FuseReader in, FuseReply reply) throws FsException {
        int room = in.u32();
        giveXattr(server.attributeNames(node), room, reply);
    }

    /** Its length where there is no room, as the guest asks for that. */
    private static void giveXattr(byte[] value, int room, FuseReply reply) throws FsException {
        if (room == 0) {
            reply.u32(value.length).u32(0);
        } else if (Integer.compareUnsigned(value.length, room) > 0) {
            throw new FsException(FuseConstants.ERANGE);
        } else {
            reply.bytes(value);
        }
    }
}
