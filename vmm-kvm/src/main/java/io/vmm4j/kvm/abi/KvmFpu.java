package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** The floating point and SSE registers, argument of KVM_GET_FPU and KVM_SET_FPU. Mutable value; new ones hold zeros. */
public final class KvmFpu {
    /*
     * struct kvm_fpu {
     *     __u8  fpr[8][16];
     *     __u16 fcw;
     *     __u16 fsw;
     *     __u8  ftwx;          // in fxsave format
     *     __u8  pad1;
     *     __u16 last_opcode;
     *     __u64 last_ip;
     *     __u64 last_dp;
     *     __u8  xmm[16][16];
     *     __u32 mxcsr;
     *     __u32 pad2;
     * };
     */
    /** Bytes. */
    public static final int SIZE = 416;
    public static final int FPR = 0;
    public static final int FCW = 128;
    public static final int FSW = 130;
    public static final int FTWX = 132;
    public static final int LAST_OPCODE = 134;
    public static final int LAST_IP = 136;
    public static final int LAST_DP = 144;
    public static final int XMM = 152;
    public static final int MXCSR = 408;

    /** Eight x87 registers of 16 bytes. */
    public final byte[] fpr = new byte[128];
    /** Control word, 16 bits; 0x37F after FNINIT. */
    public int fcw;
    /** Status word, 16 bits. */
    public int fsw;
    /** Tag word, abridged to 8 bits. */
    public int ftwx;
    /** 16 bits. */
    public int lastOpcode;
    public long lastIp;
    public long lastDp;
    /** Sixteen SSE registers of 16 bytes. */
    public final byte[] xmm = new byte[256];
    /** Neither reported nor taken over by KVM, which starts a guest with 0x1F80; {@link KvmXsave} has the real one. */
    public int mxcsr;

    /** Reads the structure. */
    public static KvmFpu readFrom(ByteBuffer b) {
        KvmFpu fpu = new KvmFpu();
        b.get(FPR, fpu.fpr);
        fpu.fcw = Short.toUnsignedInt(b.getShort(FCW));
        fpu.fsw = Short.toUnsignedInt(b.getShort(FSW));
        fpu.ftwx = Byte.toUnsignedInt(b.get(FTWX));
        fpu.lastOpcode = Short.toUnsignedInt(b.getShort(LAST_OPCODE));
        fpu.lastIp = b.getLong(LAST_IP);
        fpu.lastDp = b.getLong(LAST_DP);
        b.get(XMM, fpu.xmm);
        fpu.mxcsr = b.getInt(MXCSR);
        return fpu;
    }

    /** Writes the structure. */
    public void writeTo(ByteBuffer b) {
        b.put(FPR, fpr);
        b.putShort(FCW, (short) fcw).putShort(FSW, (short) fsw).put(FTWX, (byte) ftwx);
        b.putShort(LAST_OPCODE, (short) lastOpcode).putLong(LAST_IP, lastIp).putLong(LAST_DP, lastDp);
        b.put(XMM, xmm);
        b.putInt(MXCSR, mxcsr);
    }
}
