package io.vmm4j.kvm.abi;

/** Argument of KVM_SET_SIGNAL_MASK: the signals blocked while the vCPU runs. */
public final class KvmSignalMask {
    /*
     * struct kvm_signal_mask {
     *     __u32 len;               // 8: the kernel's sigset_t
     *     __u8  sigset[];          // bit n-1 for signal n
     * };
     */
    /** Bytes. */
    public static final int SIZE = 4;
    public static final int LEN = 0;
    public static final int SIGSET = 4;

    private KvmSignalMask() {
    }
}
