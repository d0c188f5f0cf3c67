package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** Argument of KVM_IOEVENTFD: signals an eventfd on a guest write instead of an exit. */
public final class KvmIoeventfd {
    /*
     * struct kvm_ioeventfd {
     *     __u64 datamatch;
     *     __u64 addr;
     *     __u32 len;               // 1, 2, 4, 8; 0 for any
     *     __s32 fd;
     *     __u32 flags;
     *     __u8  pad[36];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 64;
    public static final int DATAMATCH = 0;
    public static final int ADDR = 8;
    public static final int LEN = 16;
    public static final int FD = 20;
    public static final int FLAGS = 24;

    /** Only writes of the value datamatch count. */
    public static final int KVM_IOEVENTFD_FLAG_DATAMATCH = 1;
    /** The address is a port. */
    public static final int KVM_IOEVENTFD_FLAG_PIO = 2;
    /** Unties them; the other fields as they were given. */
    public static final int KVM_IOEVENTFD_FLAG_DEASSIGN = 4;

    private KvmIoeventfd() {
    }

    /** Fills the structure. */
    public static void write(ByteBuffer b, long datamatch, long address, int width, int fd, int flags) {
        b.putLong(DATAMATCH, datamatch).putLong(ADDR, address).putInt(LEN, width).putInt(FD, fd).putInt(FLAGS, flags);
    }
}
