package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.KvmFpu;
import io.vmm4j.kvm.abi.LapicState;

/** What every vCPU starts with beside its registers: FPU and local APIC, as firmware leaves them. */
public final class BootState {

    private static final int FCW_INIT = 0x37F;
    private static final int MXCSR_INIT = 0x1F80;

    /** Local vector table, LINT0; Intel SDM volume 3, table 11-1. */
    private static final int APIC_LVT_LINT0 = 0x350;
    private static final int APIC_LVT_LINT1 = 0x360;
    private static final int DELIVERY_MODE_MASK = 0x700;
    private static final int DELIVERY_MODE_NMI = 0x400;
    private static final int DELIVERY_MODE_EXTINT = 0x700;

    private BootState() {
    }

    /** The FPU after FNINIT, and MXCSR after reset. */
    public static KvmFpu fpu() {
        KvmFpu fpu = new KvmFpu();
        fpu.fcw = FCW_INIT;
        fpu.mxcsr = MXCSR_INIT;
        return fpu;
    }

    /**
     * Connects the local interrupt pins as MP table and MADT say: the 8259's interrupts at LINT0, NMI at LINT1. Masks
     * stay as KVM has them after reset.
     */
    public static void connectLocalInterrupts(LapicState lapic) {
        setDeliveryMode(lapic, APIC_LVT_LINT0, DELIVERY_MODE_EXTINT);
        setDeliveryMode(lapic, APIC_LVT_LINT1, DELIVERY_MODE_NMI);
    }

    private static void setDeliveryMode(LapicState lapic, int register, int mode) {
        lapic.setRegister(register, lapic.register(register) & ~DELIVERY_MODE_MASK | mode);
    }
}
