package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** Argument of KVM_IRQFD: ties an eventfd to an interrupt line. */
public final class KvmIrqfd {
    /*
     * struct kvm_irqfd {
     *     __u32 fd;
     *     __u32 gsi;
     *     __u32 flags;
     *     __u32 resamplefd;
     *     __u8  pad[16];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 32;
    public static final int FD = 0;
    public static final int GSI = 4;
    public static final int FLAGS = 8;
    public static final int RESAMPLEFD = 12;

    /** Unties them. */
    public static final int KVM_IRQFD_FLAG_DEASSIGN = 1;
    /** The line is level-triggered; resamplefd is signalled when the guest acknowledges. */
    public static final int KVM_IRQFD_FLAG_RESAMPLE = 2;

    private KvmIrqfd() {
    }

    /** Fills the structure. */
    public static void write(ByteBuffer b, int fd, int gsi, int flags, int resampleFd) {
        b.putInt(FD, fd).putInt(GSI, gsi).putInt(FLAGS, flags).putInt(RESAMPLEFD, resampleFd);
    }
}
