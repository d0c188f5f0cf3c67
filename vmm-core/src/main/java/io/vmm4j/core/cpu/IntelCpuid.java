package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;

/** The leaves that Intel CPUs, and those that follow them, have beside the common ones (Intel SDM volume 2, CPUID). */
final class IntelCpuid {

    private static final int LEAF_CACHES = 0x4;
    private static final int LEAF_POWER = 0x6;
    private static final int LEAF_FEATURES_7 = 0x7;
    private static final int LEAF_PMU = 0xA;
    private static final int LEAF_PMU_EXTENDED = 0x23;

    /** Leaf 4 EAX bits 31..26: core numbers in a socket, less 1. */
    private static final int CORES_HIGH = 31;
    private static final int CORES_LOW = 26;
    /** Leaf 6 EAX: turbo. */
    private static final int EAX_TURBO = 1 << 1;
    /** Leaf 6 ECX: energy performance bias. */
    private static final int ECX_EPB = 1 << 3;
    /** Leaf 7 EBX: FDP only on exceptions, no FCS and FDS. KVM says neither, yet its guests run on what the CPU does. */
    private static final int EBX_FDP_EXCPTN_ONLY_ZERO_FCS_FDS = 1 << 6 | 1 << 13;
    /** Leaf 7 ECX: UMWAIT and its kin, which would let a guest put the host's CPU to sleep. */
    private static final int ECX_WAITPKG = 1 << 5;

    private IntelCpuid() {
    }

    static void apply(Cpuid cpuid, CpuTopology topology, int apicId) {
        CacheSharing.apply(cpuid, LEAF_CACHES, topology);
        int coreNumbers = 1 << topology.socketShift() - topology.coreShift();
        for (CpuidEntry entry : cpuid.entries()) {
            switch (entry.function()) {
                case LEAF_CACHES -> cpuid.put(cores(entry, coreNumbers));
                case LEAF_POWER -> cpuid.put(entry.withRegisters(CpuidField.without(entry.eax(), EAX_TURBO), entry.ebx(),
                        CpuidField.without(entry.ecx(), ECX_EPB), entry.edx()));
                case LEAF_PMU, LEAF_PMU_EXTENDED -> cpuid.put(entry.withRegisters(0, 0, 0, 0));
                default -> {
                    // As KVM has it.
                }
            }
        }
        cpuid.find(LEAF_FEATURES_7, 0).ifPresent(leaf -> cpuid.put(leaf.withRegisters(leaf.eax(),
                leaf.ebx() | EBX_FDP_EXCPTN_ONLY_ZERO_FCS_FDS, CpuidField.without(leaf.ecx(), ECX_WAITPKG), leaf.edx())));
    }

    private static CpuidEntry cores(CpuidEntry cache, int coreNumbers) {
        boolean isCache = cache.eax() != 0;
        return isCache ? cache.withEax(CpuidField.with(cache.eax(), CORES_HIGH, CORES_LOW, coreNumbers - 1)) : cache;
    }
}
