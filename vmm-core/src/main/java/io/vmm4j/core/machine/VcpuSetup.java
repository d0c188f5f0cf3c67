package io.vmm4j.core.machine;

import io.vmm4j.core.cpu.BootState;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.cpu.MsrSetup;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.LapicState;
import java.util.List;

/** Gives each vCPU what it starts with: CPUID first, because MSRs depend on it, then MSRs, FPU and local APIC. */
final class VcpuSetup {

    private final CpuTopology topology;
    private final List<CpuidEntry> supported;

    VcpuSetup(Kvm kvm, CpuTopology topology) throws KvmException {
        this.topology = topology;
        this.supported = kvm.supportedCpuid();
    }

    void apply(KvmVcpu vcpu) throws KvmException {
        vcpu.setCpuid(supported);
        vcpu.setMsrs(MsrSetup.bootMsrs());
        vcpu.setFpu(BootState.fpu());
        LapicState lapic = vcpu.getLapic();
        BootState.connectLocalInterrupts(lapic);
        vcpu.setLapic(lapic);
    }
}
