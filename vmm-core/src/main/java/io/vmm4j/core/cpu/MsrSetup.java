package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.MsrEntry;
import java.util.List;

/**
 * The model-specific registers that every vCPU starts with. Set them after CPUID: hosts from Linux 6.13 on derive what
 * a register may hold from the guest's CPUID.
 */
public final class MsrSetup {

    private static final int IA32_TSC = 0x10;
    private static final int IA32_SYSENTER_CS = 0x174;
    private static final int IA32_SYSENTER_ESP = 0x175;
    private static final int IA32_SYSENTER_EIP = 0x176;
    private static final int IA32_MISC_ENABLE = 0x1A0;
    private static final int IA32_MTRR_DEF_TYPE = 0x2FF;
    private static final int STAR = 0xC000_0081;
    private static final int LSTAR = 0xC000_0082;
    private static final int CSTAR = 0xC000_0083;
    private static final int SYSCALL_MASK = 0xC000_0084;
    private static final int KERNEL_GS_BASE = 0xC000_0102;

    private static final long MISC_ENABLE_FAST_STRING = 1;
    private static final long MTRR_ENABLE = 1L << 11;
    private static final long MTRR_WRITE_BACK = 6;

    private MsrSetup() {
    }

    /** The registers and their values, for KVM_SET_MSRS. */
    public static List<MsrEntry> bootMsrs() {
        return List.of(
                new MsrEntry(IA32_SYSENTER_CS, 0),
                new MsrEntry(IA32_SYSENTER_ESP, 0),
                new MsrEntry(IA32_SYSENTER_EIP, 0),
                new MsrEntry(STAR, 0),
                new MsrEntry(CSTAR, 0),
                new MsrEntry(KERNEL_GS_BASE, 0),
                new MsrEntry(SYSCALL_MASK, 0),
                new MsrEntry(LSTAR, 0),
                new MsrEntry(IA32_TSC, 0),
                new MsrEntry(IA32_MISC_ENABLE, MISC_ENABLE_FAST_STRING),
                // Without this Linux takes all memory for uncached.
                new MsrEntry(IA32_MTRR_DEF_TYPE, MTRR_ENABLE | MTRR_WRITE_BACK));
    }
}
