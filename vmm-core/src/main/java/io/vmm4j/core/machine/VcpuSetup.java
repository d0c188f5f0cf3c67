package io.vmm4j.core.machine;

import io.vmm4j.core.cpu.BootState;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.cpu.CpuidSetup;
import io.vmm4j.core.cpu.MsrSetup;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.LapicState;

/** Gives each vCPU what it starts with: CPUID first, because MSRs depend on it, then MSRs, FPU and local APIC. */
final class VcpuSetup {

    private final CpuidSetup cpuid;

    VcpuSetup(Kvm kvm, CpuTopology topology) throws KvmException {
        boolean tscDeadlineTimer = kvm.checkExtension(KvmCap.KVM_CAP_TSC_DEADLINE_TIMER) > 0;
        cpuid = new CpuidSetup(kvm.supportedCpuid(), topology, tscDeadlineTimer);
    }

    /** @param index of the vCPU, from 0; its APIC id is the topology's */
    void apply(KvmVcpu vcpu, int index) throws KvmException {
        vcpu.setCpuid(cpuid.forVcpu(index));
        resetMsrs(vcpu);
        vcpu.setFpu(BootState.fpu());
        LapicState lapic = vcpu.getLapic();
        BootState.connectLocalInterrupts(lapic);
        vcpu.setLapic(lapic);
    }

    /** The model-specific registers alone. CPUID stays as it was set before the first run. */
    void resetMsrs(KvmVcpu vcpu) throws KvmException {
        vcpu.setMsrs(MsrSetup.bootMsrs());
    }
}
