package io.vmm4j.core.machine;

import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.MsrRefusedException;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What any vCPU but the first is before its first run, to give it back when it comes to be used again: KVM cannot destroy
 * a vCPU. Only the local APIC's id differs from one to another. Of the model-specific registers {@link VcpuSetup} sets back
 * those it set at first; those that guests leave something in are zeroed here.
 */
final class ParkedState {

    private static final Logger LOG = LoggerFactory.getLogger(ParkedState.class);

    /** Where the guest has KVM write time, stolen time and more into its memory; 0 ends it. */
    private static final int MSR_KVM_SYSTEM_TIME_NEW = 0x4b56_4d01;
    private static final int MSR_KVM_ASYNC_PF_EN = 0x4b56_4d02;
    private static final int MSR_KVM_STEAL_TIME = 0x4b56_4d03;
    private static final int MSR_KVM_PV_EOI_EN = 0x4b56_4d04;
    private static final int IA32_TSC_DEADLINE = 0x6E0;
    private static final int TSC_AUX = 0xC000_0103;
    private static final int[] ZERO_MSRS =
            {MSR_KVM_SYSTEM_TIME_NEW, MSR_KVM_ASYNC_PF_EN, MSR_KVM_STEAL_TIME, MSR_KVM_PV_EOI_EN, IA32_TSC_DEADLINE, TSC_AUX};

    private final KvmRegs regs;
    private final KvmSregs sregs;
    private final LapicState lapic;
    private final byte[] xcrs;
    private final byte[] xsave;
    private final byte[] debugregs;
    private final byte[] events;
    private final int mpState;

    private ParkedState(KvmVcpu vcpu) throws KvmException {
        regs = vcpu.getRegs();
        sregs = vcpu.getSregs();
        lapic = vcpu.getLapic();
        xcrs = vcpu.getXcrs();
        xsave = vcpu.getXsave();
        debugregs = vcpu.getDebugregs();
        events = vcpu.getVcpuEvents();
        mpState = vcpu.getMpState();
    }

    /** The state of a vCPU that is set up and has not run. */
    static ParkedState of(KvmVcpu vcpu) throws KvmException {
        return new ParkedState(vcpu);
    }

    /** Gives {@code vcpu} the state back; its thread has ended. Not for two at a time. */
    void restore(KvmVcpu vcpu) throws KvmException {
        // The local APIC's mode is part of these, and decides how its registers are read.
        vcpu.setSregs(sregs);
        vcpu.setRegs(regs);
        vcpu.setXcrs(xcrs);
        vcpu.setXsave(xsave);
        vcpu.setDebugregs(debugregs);
        X2Apic.setId(lapic, vcpu, sregs);
        vcpu.setLapic(lapic);
        vcpu.setVcpuEvents(events);
        vcpu.setMpState(mpState);
        for (int msr : ZERO_MSRS) {
            zero(vcpu, msr);
        }
    }

    private static void zero(KvmVcpu vcpu, int msr) throws KvmException {
        try {
            vcpu.setMsrs(List.of(new MsrEntry(msr, 0)));
        } catch (MsrRefusedException e) {
            LOG.debug("vCPU {} has no MSR 0x{} to set back", vcpu.id(), Integer.toHexString(msr));
        }
    }
}
