package io.vmm4j.core.machine;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import java.util.List;

/**
 * x2APIC mode from the start, as firmware leaves the CPUs of a machine on which an id does not fit xAPIC mode (Intel SDM
 * volume 3, section 11.12.7): all of them, since a kernel takes the mode of the first CPU for the machine's, and overlooks
 * the ids beyond it. INIT does not change the mode.
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

    /** Puts a vCPU's local APIC into x2APIC mode; after CPUID. */
    static void enable(KvmVcpu vcpu) throws KvmException {
        vcpu.setMsrs(List.of(new MsrEntry(IA32_APIC_BASE, AddressMap.LOCAL_APIC | ENABLED | X2APIC_MODE)));
    }

    /** Writes {@code vcpu}'s id into the state of a local APIC, in the form of the mode that {@code sregs} say. */
    static void setId(LapicState lapic, KvmVcpu vcpu, KvmSregs sregs) {
        lapic.setRegister(APIC_ID, (sregs.apicBase & X2APIC_MODE) != 0 ? vcpu.id() : vcpu.id() << XAPIC_ID_SHIFT);
    }
}
