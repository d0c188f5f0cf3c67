package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.CpuConfig;
import io.vmm4j.core.cpu.BootState;
import io.vmm4j.core.cpu.CpuidSetup;
import io.vmm4j.core.cpu.GuestCpu;
import io.vmm4j.core.cpu.MsrSetup;
import io.vmm4j.core.memo.Memo;
import io.vmm4j.kvm.HostCpuid;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.VcpuState;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.libc.LinuxException;
import java.util.List;
import java.util.Objects;

/**
 * Gives each vCPU what it starts with: CPUID first, because MSRs depend on it, then MSRs, FPU and local APIC. As confined as the {@link Vcpus} are.
 */
final class VcpuSetup {

    /** Machines that are alike share what CPUID answers. */
    private static final Memo<Origin, Answers> ANSWERS = new Memo<>(16);

    /** What CPUID's answers follow from, beside what KVM supports. */
    private record Origin(GuestCpu guest, CpuConfig changes) {

        @Override
        public int hashCode() {
            return Objects.hash(guest, changes);
        }
    }

    private record Answers(List<CpuidEntry> supported, CpuidSetup cpuid) {
    }

    private final Kvm kvm;
    private final GuestCpu guest;
    private final CpuidSetup cpuid;
    private final CpuModifiers modifiers;
    private final boolean x2Apic;
    /** A vCPU 0 that came from elsewhere, which the others are to be like; null for none. */
    private VcpuState first;

    /**
     * @param guest     what the CPUs are to be like
     * @param modifiers what is changed of that
     * @throws ConfigException when KVM does not have what is to be changed
     */
    VcpuSetup(Kvm kvm, GuestCpu guest, CpuModifiers modifiers) throws ConfigException, LinuxException {
        this.kvm = kvm;
        this.guest = guest;
        this.modifiers = modifiers;
        x2Apic = guest.topology().needsX2Apic();
        List<CpuidEntry> supported = kvm.supportedCpuid();
        Origin origin = new Origin(guest, modifiers.changes());
        Answers known = ANSWERS.find(origin);
        // The same list, not an equal one: KVM is asked anew seldom.
        if (known == null || known.supported != supported) {
            known = ANSWERS.keep(origin, new Answers(supported, answers(supported, guest, modifiers)));
        }
        cpuid = known.cpuid;
    }

    private static CpuidSetup answers(List<CpuidEntry> supported, GuestCpu guest, CpuModifiers modifiers) throws ConfigException, LinuxException {
        List<CpuidEntry> changed = modifiers.applyTo(supported);
        try (HostCpuid host = HostCpuid.open()) {
            return new CpuidSetup(changed, guest, host::read);
        }
    }

    /** Has vCPUs that come from now on be like those of the machine that this one goes on from, on whatever host that was. */
    void goOnAs(VcpuState vcpu0) {
        first = vcpu0;
    }

    /**
     * @param index of the vCPU, from 0; its APIC id is the topology's
     * @throws CpuidRefusedException when KVM does not take what CPUID is to answer; {@link #refusal} finds out why
     */
    void apply(KvmVcpu vcpu, int index) throws KvmException {
        setCpuid(vcpu, index);
        if (first != null) {
            vcpu.adoptTscKhz(first.tscKhz());
        }
        if (x2Apic) {
            X2Apic.enable(vcpu);
        }
        resetMsrs(vcpu);
        vcpu.setFpu(BootState.fpu());
        LapicState lapic = vcpu.getLapic();
        BootState.connectLocalInterrupts(lapic);
        vcpu.setLapic(lapic);
    }

    private void setCpuid(KvmVcpu vcpu, int index) throws CpuidRefusedException {
        try {
            vcpu.setCpuid(first == null || first.cpuid().isEmpty() ? cpuid.forVcpu(index) : cpuid.forVcpu(first.cpuid(), index));
        } catch (KvmException e) {
            throw new CpuidRefusedException(vcpu, e);
        }
    }

    /**
     * Whose fault it is that KVM refused CPUID: the configuration's, when it takes it without one of its changes. They are
     * tried one more at a time.
     *
     * @throws CpuidRefusedException {@code refused}, when KVM takes none
     */
    ConfigException refusal(CpuidRefusedException refused) throws ConfigException, LinuxException {
        for (int changes = 0; changes <= modifiers.leaves(); changes++) {
            try {
                new VcpuSetup(kvm, guest, modifiers.withLeaves(changes)).setCpuid(refused.vcpu(), 0);
            } catch (CpuidRefusedException e) {
                if (changes > 0) {
                    return modifiers.refusalOfLeaf(changes - 1);
                }
                throw refused;
            }
        }
        throw refused;
    }

    /** The model-specific registers alone. CPUID stays as it was set before the first run. */
    void resetMsrs(KvmVcpu vcpu) throws KvmException {
        vcpu.setMsrs(MsrSetup.bootMsrs());
        modifiers.applyTo(vcpu);
    }
}
