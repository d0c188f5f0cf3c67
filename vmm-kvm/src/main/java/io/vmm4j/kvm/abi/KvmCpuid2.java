package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_SUPPORTED_CPUID and KVM_SET_CPUID2: a count, then {@link CpuidEntry}s. */
public final class KvmCpuid2 {
    /*
     * struct kvm_cpuid2 {
     *     __u32 nent;
     *     __u32 padding;
     *     struct kvm_cpuid_entry2 entries[];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 8;
    public static final int NENT = 0;
    public static final int ENTRIES = 8;

    private KvmCpuid2() {
    }
}
