package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_IRQCHIP and KVM_SET_IRQCHIP: one of the interrupt controllers in KVM, by number. */
public final class KvmIrqchip {
    /*
     * struct kvm_irqchip {
     *     __u32 chip_id;           // KVM_IRQCHIP constant of KvmIrqRouting
     *     __u32 pad;
     *     union {
     *         char dummy[512];
     *         struct kvm_pic_state pic;        // 16 registers of one byte
     *         struct kvm_ioapic_state ioapic;  // base_address, ioregsel, id, irr, pad, 24 entries of 8 bytes
     *     } chip;
     * };
     */
    /** Bytes. */
    public static final int SIZE = 520;
    public static final int CHIP_ID = 0;
    public static final int CHIP = 8;

    /** Bytes of chip that are a PIC's. */
    public static final int PIC_BYTES = 16;
    /** Bytes of chip that are the I/O APIC's. */
    public static final int IOAPIC_BYTES = 216;

    private KvmIrqchip() {
    }
}
