package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_XCRS and KVM_SET_XCRS: extended control registers. */
public final class KvmXcrs {
    /*
     * struct kvm_xcrs {
     *     __u32 nr_xcrs;
     *     __u32 flags;
     *     struct kvm_xcr { __u32 xcr; __u32 reserved; __u64 value; } xcrs[16];
     *     __u64 padding[16];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 392;
    public static final int NR_XCRS = 0;
    public static final int FLAGS = 4;
    public static final int XCRS = 8;

    private KvmXcrs() {
    }
}
