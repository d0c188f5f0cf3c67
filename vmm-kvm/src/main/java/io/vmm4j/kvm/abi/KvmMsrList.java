package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_MSR_INDEX_LIST: a count, then MSR numbers. */
public final class KvmMsrList {
    /*
     * struct kvm_msr_list {
     *     __u32 nmsrs;
     *     __u32 indices[];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 4;
    public static final int NMSRS = 0;
    public static final int INDICES = 4;

    private KvmMsrList() {
    }
}
