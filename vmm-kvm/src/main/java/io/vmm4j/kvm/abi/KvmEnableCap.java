package io.vmm4j.kvm.abi;

/** Argument of KVM_ENABLE_CAP. */
public final class KvmEnableCap {
    /*
     * struct kvm_enable_cap {
     *     __u32 cap;
     *     __u32 flags;
     *     __u64 args[4];
     *     __u8  pad[64];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 104;
    public static final int CAP = 0;
    public static final int FLAGS = 4;
    public static final int ARGS = 8;

    /** How many arguments there are. */
    public static final int ARGS_COUNT = 4;

    private KvmEnableCap() {
    }
}
