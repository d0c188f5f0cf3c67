package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** Argument of KVM_SET_GSI_ROUTING: where each interrupt number leads. */
public final class KvmIrqRouting {
    /*
     * struct kvm_irq_routing {
     *     __u32 nr;
     *     __u32 flags;
     *     struct kvm_irq_routing_entry {
     *         __u32 gsi;
     *         __u32 type;
     *         __u32 flags;
     *         __u32 pad;
     *         union {
     *             struct { __u32 irqchip; __u32 pin; } irqchip;
     *             struct { __u32 address_lo, address_hi, data; } msi;
     *             __u32 pad[8];
     *         } u;
     *     } entries[];
     * };
     */
    /** Bytes without entries. */
    public static final int SIZE = 8;
    public static final int NR = 0;
    public static final int FLAGS = 4;
    public static final int ENTRIES = 8;

    /** Bytes of one entry. */
    public static final int ENTRY_SIZE = 48;
    public static final int ENTRY_GSI = 0;
    public static final int ENTRY_TYPE = 4;
    public static final int ENTRY_U_IRQCHIP_IRQCHIP = 16;
    public static final int ENTRY_U_IRQCHIP_PIN = 20;
    public static final int ENTRY_U_MSI_ADDRESS_LO = 16;
    public static final int ENTRY_U_MSI_ADDRESS_HI = 20;
    public static final int ENTRY_U_MSI_DATA = 24;

    /** type: a pin of an interrupt controller in KVM. */
    public static final int KVM_IRQ_ROUTING_IRQCHIP = 1;
    /** type: a message. */
    public static final int KVM_IRQ_ROUTING_MSI = 2;
    /** irqchip: pins 0 to 7 of the PC's interrupt controllers. */
    public static final int KVM_IRQCHIP_PIC_MASTER = 0;
    /** irqchip: pins 8 to 15. */
    public static final int KVM_IRQCHIP_PIC_SLAVE = 1;
    /** irqchip: the I/O APIC. */
    public static final int KVM_IRQCHIP_IOAPIC = 2;

    private KvmIrqRouting() {
    }

    /**
     * One route. A number may have several.
     *
     * @param gsi the interrupt number
     * @param type KVM_IRQ_ROUTING constant
     * @param first the controller, or the low 32 bits of a message's address
     * @param second the pin, or the high 32 bits of a message's address
     * @param data a message's data; 0 for a pin
     */
    public record Entry(int gsi, int type, int first, int second, int data) {
        /** To a pin of a controller; {@code irqchip} is a KVM_IRQCHIP constant. */
        public static Entry pin(int gsi, int irqchip, int pin) {
            return new Entry(gsi, KVM_IRQ_ROUTING_IRQCHIP, irqchip, pin, 0);
        }

        /** To a message-signalled interrupt. */
        public static Entry msi(int gsi, long address, int data) {
            return new Entry(gsi, KVM_IRQ_ROUTING_MSI, (int) address, (int) (address >>> 32), data);
        }

        /** Writes the entry at {@code offset}. */
        public void writeTo(ByteBuffer b, int offset) {
            b.putInt(offset + ENTRY_GSI, gsi).putInt(offset + ENTRY_TYPE, type)
                    .putInt(offset + ENTRY_U_MSI_ADDRESS_LO, first).putInt(offset + ENTRY_U_MSI_ADDRESS_HI, second)
                    .putInt(offset + ENTRY_U_MSI_DATA, data);
        }
    }
}
