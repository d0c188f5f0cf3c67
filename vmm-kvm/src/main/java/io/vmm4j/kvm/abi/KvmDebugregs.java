package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_DEBUGREGS and KVM_SET_DEBUGREGS. */
public final class KvmDebugregs {
    /*
     * struct kvm_debugregs {
     *     __u64 db[4];
     *     __u64 dr6;
     *     __u64 dr7;
     *     __u64 flags;
     *     __u64 reserved[9];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 128;
    public static final int DB = 0;
    public static final int DR6 = 32;
    public static final int DR7 = 40;
    public static final int FLAGS = 48;

    private KvmDebugregs() {
    }
}
