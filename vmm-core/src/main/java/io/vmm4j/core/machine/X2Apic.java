package io.vmm4j.core.machine;

import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import java.util.List;

/**
 * The mode of a vCPU's local APIC before the guest runs: as after reset, or x2APIC mode where the id does not fit another,
 * as firmware leaves such CPUs (Intel SDM volume 3, section 11.12.7). INIT does not change the mode.
 */
final class X2Apic {

    private static final int IA32_APIC_BASE = 0x1B;
    private static final long ENABLED = 1 << 11;
    private static final long X2APIC_MODE = 1 << 10;

    /** The local APIC's id; Intel SDM volume 3, table 11-1: in bits 31 to 24, or all of them in x2APIC mode. */
    private static final int APIC_ID = 0x20;
    private static final int XAPIC_ID_SHIFT = 24;

    private X2Apic() {
    }

    /** Puts a vCPU's local APIC into x2APIC mode if it needs that; after CPUID. */
    static void enableIfNeeded(KvmVcpu vcpu) throws KvmException {
        if (needsX2Apic(vcpu)) {
            vcpu.setMsrs(List.of(new MsrEntry(IA32_APIC_BASE, AddressMap.LOCAL_APIC | ENABLED | X2APIC_MODE)));
        }
    }

    /** Writes {@code vcpu}'s id into the state of a local APIC, in the form of its mode. */
    static void setId(LapicState lapic, KvmVcpu vcpu) {
        lapic.setRegister(APIC_ID, needsX2Apic(vcpu) ? vcpu.id() : vcpu.id() << XAPIC_ID_SHIFT);
    }

    private static boolean needsX2Apic(KvmVcpu vcpu) {
        return vcpu.id() > CpuTopology.MAX_XAPIC_ID;
    }
}
