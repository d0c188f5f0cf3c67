package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_NESTED_STATE and KVM_SET_NESTED_STATE: a guest that is a hypervisor itself. */
public final class KvmNestedState {
    /*
     * struct kvm_nested_state {
     *     __u16 flags;
     *     __u16 format;
     *     __u32 size;                    // in: of the buffer; out: of what is there
     *     union {
     *         struct { __u64 vmxon_pa; __u64 vmcs12_pa; ... } vmx;
     *         struct { __u64 vmcb_pa; } svm;
     *         __u8 pad[120];
     *     } hdr;
     *     ...                            // data, as long as size says
     * };
     */
    /** Bytes, without data. */
    public static final int SIZE = 128;
    public static final int FLAGS = 0;
    public static final int FORMAT = 2;
    /** Of the buffer, or of what is in it. */
    public static final int LENGTH = 4;
    public static final int HDR = 8;
    /** In {@link #HDR}, of Intel's. */
    public static final int VMXON_PA = 8;
    /** In {@link #HDR}, of Intel's. */
    public static final int VMCS12_PA = 16;

    public static final int KVM_STATE_NESTED_FORMAT_VMX = 0;
    public static final int KVM_STATE_NESTED_FORMAT_SVM = 1;
    public static final int KVM_STATE_NESTED_GIF_SET = 0x100;

    private KvmNestedState() {
    }
}
