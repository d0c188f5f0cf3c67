package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_MSRS and KVM_SET_MSRS: a count, then entries. */
public final class KvmMsrs {
    /*
     * struct kvm_msrs {
     *     __u32 nmsrs;
     *     __u32 pad;
     *     struct kvm_msr_entry { __u32 index; __u32 reserved; __u64 data; } entries[];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 8;
    public static final int NMSRS = 0;
    public static final int ENTRIES = 8;

    /** Bytes of one entry. */
    public static final int ENTRY_SIZE = 16;
    public static final int ENTRY_INDEX = 0;
    public static final int ENTRY_DATA = 8;

    private KvmMsrs() {
    }
}
