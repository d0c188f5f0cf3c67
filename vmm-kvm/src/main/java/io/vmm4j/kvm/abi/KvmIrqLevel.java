package io.vmm4j.kvm.abi;

/** Argument of KVM_IRQ_LINE. */
public final class KvmIrqLevel {
    /*
     * struct kvm_irq_level {
     *     __u32 irq;               // a GSI
     *     __u32 level;             // 1 raised, 0 lowered
     * };
     */
    /** Bytes. */
    public static final int SIZE = 8;
    public static final int IRQ = 0;
    public static final int LEVEL = 4;

    private KvmIrqLevel() {
    }
}
