package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmDebugregs;
import io.vmm4j.kvm.abi.KvmMpState;
import io.vmm4j.kvm.abi.KvmNestedState;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.abi.KvmSregs2;
import io.vmm4j.kvm.abi.KvmVcpuEvents;
import io.vmm4j.kvm.abi.KvmXcrs;
import io.vmm4j.kvm.abi.KvmXsave;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import java.util.ArrayList;
import java.util.List;

/**
 * All that a vCPU is between two instructions of its guest: {@link KvmVcpu#saveState} and {@link KvmVcpu#restoreState}.
 * Immutable. Sizes and counts are checked when it is made, so that it may come from a file of somebody else's; what the
 * registers hold is KVM's to accept or to refuse.
 *
 * @param cpuid what CPUID answers, as it was set; empty when it was not
 * @param unsupported the features among them that the KVM where it was saved did not support, in the words of {@link #lackedBy}
 * @param msrs the model-specific registers that KVM let be read
 * @param msrsLeftOut the numbers of those in KVM's list that it did not
 * @param regs {@code struct kvm_regs}
 * @param sregs {@code struct kvm_sregs2}, or {@code struct kvm_sregs} from a KVM that has no other; told apart by the size
 * @param xsave the XSAVE area, {@value KvmXsave#SIZE} bytes or more
 * @param xcrs {@code struct kvm_xcrs}; none where the host has no XSAVE
 * @param debugregs {@code struct kvm_debugregs}
 * @param lapic {@code struct kvm_lapic_state}; none where no interrupt controller is KVM's
 * @param events {@code struct kvm_vcpu_events}
 * @param mpState a {@link KvmMpState} constant
 * @param tscKhz the frequency of the guest's time-stamp counter in kHz; 0 when KVM does not know it
 * @param nested {@code struct kvm_nested_state} with its data; none of a guest that is no hypervisor itself
 */
public record VcpuState(List<CpuidEntry> cpuid, List<String> unsupported, List<MsrEntry> msrs, List<Integer> msrsLeftOut, Bytes regs,
        Bytes sregs, Bytes xsave, Bytes xcrs, Bytes debugregs, Bytes lapic, Bytes events, int mpState, int tscKhz, Bytes nested) {

    /** KVM's own bound. */
    public static final int MAX_CPUID_ENTRIES = 256;
    /** Far above what any KVM lists. */
    public static final int MAX_MSRS = 4096;
    /** Far above what any CPU has: the architecture's largest state is 11 KiB. */
    public static final int MAX_XSAVE_SIZE = 1 << 16;

    private static final int XSAVE_UNIT = 4;

    /** @throws IllegalArgumentException naming what has a size or count that no vCPU has */
    public VcpuState {
        cpuid = List.copyOf(cpuid);
        unsupported = List.copyOf(unsupported);
        msrs = List.copyOf(msrs);
        msrsLeftOut = List.copyOf(msrsLeftOut);
        atMost("cpuid", cpuid.size(), MAX_CPUID_ENTRIES);
        atMost("unsupported", unsupported.size(), MAX_CPUID_ENTRIES * Integer.SIZE * Integer.BYTES);
        atMost("msrs", msrs.size(), MAX_MSRS);
        atMost("msrsLeftOut", msrsLeftOut.size(), MAX_MSRS);
        sized("regs", regs, KvmRegs.SIZE, KvmRegs.SIZE);
        sized("sregs", sregs, KvmSregs.SIZE, KvmSregs2.SIZE);
        sized("xcrs", xcrs, KvmXcrs.SIZE, 0);
        sized("debugregs", debugregs, KvmDebugregs.SIZE, KvmDebugregs.SIZE);
        sized("lapic", lapic, LapicState.SIZE, 0);
        sized("events", events, KvmVcpuEvents.SIZE, KvmVcpuEvents.SIZE);
        if (xsave.size() < KvmXsave.SIZE || xsave.size() > MAX_XSAVE_SIZE || xsave.size() % XSAVE_UNIT != 0) {
            throw new IllegalArgumentException("xsave of " + xsave.size() + " bytes is not " + KvmXsave.SIZE + " to " + MAX_XSAVE_SIZE
                    + " bytes in words of " + XSAVE_UNIT);
        }
        if (!nested.isEmpty() && (nested.size() < KvmNestedState.SIZE || nested.size() > NestedState.SIZE_MAX)) {
            throw new IllegalArgumentException("nested of " + nested.size() + " bytes is not " + KvmNestedState.SIZE + " to " + NestedState.SIZE_MAX);
        }
        if (tscKhz < 0) {
            throw new IllegalArgumentException("tscKhz " + tscKhz + " is below 0");
        }
    }

    private static void atMost(String name, int count, int max) {
        if (count > max) {
            throw new IllegalArgumentException(count + " " + name + " exceed " + max);
        }
    }

    private static void sized(String name, Bytes bytes, int size, int orElse) {
        if (bytes.size() != size && bytes.size() != orElse) {
            throw new IllegalArgumentException(name + " of " + bytes.size() + " bytes is not of " + size);
        }
    }

    /**
     * What a vCPU with this state needs that {@code kvm} and its host lack, one clause each, such as {@code CPUID leaf 0x7 subleaf
     * 0x0 EBX bit 16}; empty when it can be restored. What it was given beyond the KVM where it was saved does not count.
     */
    public List<String> lackedBy(Kvm kvm) throws KvmException {
        List<String> lacked = new ArrayList<>(CpuidFeatures.missing(cpuid, kvm.supportedCpuid()));
        lacked.removeAll(unsupported);
        int area = VcpuStateCalls.xsaveSize(kvm);
        if (xsave.size() > area) {
            lacked.add("an XSAVE area of " + xsave.size() + " bytes, has " + area);
        }
        if (NestedState.isLacked(kvm, nested)) {
            lacked.add("a processor that a guest can be a hypervisor on (KVM_CAP_NESTED_STATE)");
        }
        return lacked;
    }
}
