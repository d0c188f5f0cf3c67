package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.virtio.fs.FileServer.Attributes;
import io.vmm4j.devices.virtio.fs.FileServer.Entry;
import io.vmm4j.devices.virtio.fs.FileServer.Opened;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An answer as it is put together, behind room for its header. Used for one after the other, by one thread. */
final class FuseReply {

    /** struct fuse_entry_out. */
    static final int ENTRY = 128;
    /** struct fuse_open_out. */
    private static final int OPENED = 16;
    private static final int MILLIS = 1_000;
    private static final int NANOS_PER_MILLI = 1_000_000;

    private final ByteBuffer bytes;

    /** @param capacity of the longest answer, header included */
    FuseReply(int capacity) {
        bytes = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Bytes that the answer to a request takes which has the guest know or open something. */
    static int least(int opcode) {
        return FuseConstants.OUT_HEADER + switch (opcode) {
            case FuseConstants.FUSE_LOOKUP, FuseConstants.FUSE_SYMLINK, FuseConstants.FUSE_MKNOD, FuseConstants.FUSE_MKDIR, FuseConstants.FUSE_LINK -> ENTRY;
            case FuseConstants.FUSE_CREATE -> ENTRY + OPENED;
            case FuseConstants.FUSE_OPEN, FuseConstants.FUSE_OPENDIR -> OPENED;
            default -> 0;
        };
    }

    FuseReply begin() {
        bytes.clear().position(FuseConstants.OUT_HEADER);
        return this;
    }

    /** With its header: what is to be copied to the guest. */
    ByteBuffer finish(long unique, int error, long length) {
        bytes.putInt(0, (int) length).putInt(4, -error).putLong(8, unique);
        return bytes.flip();
    }

    /** Bytes so far, header included. */
    int length() {
        return bytes.position();
    }

    /** Of the longest answer, header included. */
    int capacity() {
        return bytes.capacity();
    }

    FuseReply u16(int value) {
        bytes.putShort((short) value);
        return this;
    }

    FuseReply u32(int value) {
        bytes.putInt(value);
        return this;
    }

    FuseReply u64(long value) {
        bytes.putLong(value);
        return this;
    }

    FuseReply bytes(byte[] value) {
        bytes.put(value);
        return this;
    }

    FuseReply zeros(int count) {
        for (int i = 0; i < count; i++) {
            bytes.put((byte) 0);
        }
        return this;
    }

    /* struct fuse_entry_out { u64 nodeid, generation, entry_valid, attr_valid; u32 entry_valid_nsec, attr_valid_nsec; struct fuse_attr attr; } */
    FuseReply entry(Entry entry) {
        long seconds = entry.validMillis() / MILLIS;
        int nanos = (int) (entry.validMillis() % MILLIS) * NANOS_PER_MILLI;
        u64(entry.node()).u64(0).u64(seconds).u64(seconds).u32(nanos).u32(nanos);
        return attributes(entry.attributes());
    }

    /* struct fuse_attr_out { u64 attr_valid; u32 attr_valid_nsec, dummy; struct fuse_attr attr; } */
    FuseReply attributes(Attributes told) {
        u64(told.validMillis() / MILLIS).u32((int) (told.validMillis() % MILLIS) * NANOS_PER_MILLI).u32(0);
        return attributes(told.attributes());
    }

    /* struct fuse_open_out { u64 fh; u32 open_flags, padding; } */
    FuseReply opened(Opened opened) {
        return u64(opened.handle()).u32(opened.flags()).u32(0);
    }

    /*
     * struct fuse_attr { u64 ino, size, blocks, atime, mtime, ctime; u32 atimensec, mtimensec, ctimensec, mode, nlink, uid, gid, rdev,
     *                    blksize, flags; }
     */
    private FuseReply attributes(FileAttributes a) {
        u64(a.inode()).u64(a.size()).u64(a.blocks());
        u64(a.atime().seconds()).u64(a.mtime().seconds()).u64(a.ctime().seconds());
        u32(a.atime().nanos()).u32(a.mtime().nanos()).u32(a.ctime().nanos());
        return u32(a.mode()).u32(a.links()).u32(a.uid()).u32(a.gid()).u32(a.device()).u32(a.blockSize()).u32(0);
    }
}
