package io.vmm4j.devices.virtio.vsock;

import java.nio.ByteBuffer;

/**
 * struct virtio_vsock_hdr, virtio 1.2 section 5.10.6, read once from a buffer of the device's own. Used again for each packet.
 *
 * <pre>
 * struct virtio_vsock_hdr { le64 src_cid, dst_cid; le32 src_port, dst_port, len; le16 type, op; le32 flags, buf_alloc, fwd_cnt; }
 * </pre>
 */
final class VsockHeader {

    private static final long U32_MASK = 0xFFFF_FFFFL;

    long srcCid;
    long dstCid;
    long srcPort;
    long dstPort;
    long length;
    int type;
    VsockOp op = VsockOp.UNKNOWN;
    int flags;
    long bufAlloc;
    int fwdCnt;

    /** Reads the first 44 bytes of {@code bytes}, little-endian. */
    void read(ByteBuffer bytes) {
        srcCid = bytes.getLong(VsockConstants.HDR_SRC_CID);
        dstCid = bytes.getLong(VsockConstants.HDR_DST_CID);
        srcPort = bytes.getInt(VsockConstants.HDR_SRC_PORT) & U32_MASK;
        dstPort = bytes.getInt(VsockConstants.HDR_DST_PORT) & U32_MASK;
        length = bytes.getInt(VsockConstants.HDR_LEN) & U32_MASK;
        type = Short.toUnsignedInt(bytes.getShort(VsockConstants.HDR_TYPE));
        op = VsockOp.of(Short.toUnsignedInt(bytes.getShort(VsockConstants.HDR_OP)));
        flags = bytes.getInt(VsockConstants.HDR_FLAGS);
        bufAlloc = bytes.getInt(VsockConstants.HDR_BUF_ALLOC) & U32_MASK;
        fwdCnt = bytes.getInt(VsockConstants.HDR_FWD_CNT);
    }

    /** Writes the first 44 bytes of {@code bytes}. */
    void write(ByteBuffer bytes) {
        bytes.putLong(VsockConstants.HDR_SRC_CID, srcCid);
        bytes.putLong(VsockConstants.HDR_DST_CID, dstCid);
        bytes.putInt(VsockConstants.HDR_SRC_PORT, (int) srcPort);
        bytes.putInt(VsockConstants.HDR_DST_PORT, (int) dstPort);
        bytes.putInt(VsockConstants.HDR_LEN, (int) length);
        bytes.putShort(VsockConstants.HDR_TYPE, (short) type);
        bytes.putShort(VsockConstants.HDR_OP, (short) op.code());
        bytes.putInt(VsockConstants.HDR_FLAGS, flags);
        bytes.putInt(VsockConstants.HDR_BUF_ALLOC, (int) bufAlloc);
        bytes.putInt(VsockConstants.HDR_FWD_CNT, fwdCnt);
    }
}
