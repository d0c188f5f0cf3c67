package io.vmm4j.devices.virtio.fs;

import java.nio.ByteBuffer;

/**
 * struct fuse_in_header.
 *
 * @param length of the whole request, 32 bits
 * @param opcode what is asked
 * @param unique names the request
 * @param node   what it is about
 * @param caller who asks
 */
record FuseHeader(long length, int opcode, long unique, long node, FileServer.Caller caller) {

    /*
     * struct fuse_in_header { u32 len; u32 opcode; u64 unique; u64 nodeid; u32 uid; u32 gid; u32 pid; u16 total_extlen; u16 padding; }
     */
    private static final int LEN = 0;
    private static final int OPCODE = 4;
    private static final int UNIQUE = 8;
    private static final int NODEID = 16;
    private static final int UID = 24;
    private static final int GID = 28;
    private static final int PID = 32;

    /** @param bytes 40 bytes, little-endian */
    static FuseHeader read(ByteBuffer bytes) {
        return new FuseHeader(bytes.getInt(LEN) & 0xFFFF_FFFFL, bytes.getInt(OPCODE), bytes.getLong(UNIQUE), bytes.getLong(NODEID),
                new FileServer.Caller(bytes.getInt(UID), bytes.getInt(GID), bytes.getInt(PID)));
    }

    /** Whether nobody waits for an answer. */
    boolean isUnanswered() {
        return opcode == FuseConstants.FUSE_FORGET || opcode == FuseConstants.FUSE_BATCH_FORGET || opcode == FuseConstants.FUSE_INTERRUPT;
    }
}
