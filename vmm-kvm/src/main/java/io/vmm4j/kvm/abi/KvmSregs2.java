package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_SREGS2 and KVM_SET_SREGS2: {@link KvmSregs} but for what comes after {@link #APIC_BASE}. */
public final class KvmSregs2 {
    /*
     * struct kvm_sregs2 {
     *     struct kvm_segment cs, ds, es, fs, gs, ss;
     *     struct kvm_segment tr, ldt;
     *     struct kvm_dtable gdt, idt;
     *     __u64 cr0, cr2, cr3, cr4, cr8;
     *     __u64 efer;
     *     __u64 apic_base;
     *     __u64 flags;
     *     __u64 pdptrs[4];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 320;
    public static final int CR0 = 224;
    public static final int APIC_BASE = 272;
    public static final int FLAGS = 280;
    public static final int PDPTRS = 288;

    /** flags: pdptrs holds. */
    public static final int KVM_SREGS2_FLAGS_PDPTRS_VALID = 1;

    private KvmSregs2() {
    }
}
