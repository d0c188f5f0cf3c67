package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;

/** The leaves that Intel CPUs, and those that follow them, have beside the common ones (Intel SDM volume 2, CPUID). */
final class IntelCpuid {

    /** The CPU's name where the host has none. */
    static final String FALLBACK_NAME = "Intel(R) Xeon(R) Processor";

    private static final int PMU_LEVEL_ALL = 2;
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

    /** Leaf 0xA EAX bits 7..0: version; bits 31..24: how many events EBX tells about. */
    private static final int PMU_VERSION_HIGH = 7;
    private static final int PMU_VERSION_MASK = 0xFF;
    private static final int PMU_VERSION_LIMITED = 2;
    private static final int PMU_EVENTS_HIGH = 31;
    private static final int PMU_EVENTS_LOW = 24;
    private static final int PMU_EVENTS = 7;
    private static final int PMU_EVENTS_MASK = 0x7F;
    /** Leaf 0xA EDX bits 4..0: fixed counters; the first three count instructions, core cycles and reference cycles. */
    private static final int PMU_FIXED_MASK = 0x1F;
    private static final int PMU_FIXED_COUNTERS = 3;
    /** Leaf 0xA EBX, set where an event is missing: last-level cache references and misses, branches and their misses. */
    private static final int PMU_NOT_CYCLES_INSTRUCTIONS = 0x78;

    private IntelCpuid() {
    }

    static void apply(Cpuid cpuid, GuestCpu guest) {
        CpuTopology topology = guest.topology();
        CacheSharing.apply(cpuid, LEAF_CACHES, topology);
        int coreNumbers = 1 << topology.socketShift() - topology.coreShift();
        for (CpuidEntry entry : cpuid.entries()) {
            switch (entry.function()) {
                case LEAF_CACHES -> cpuid.put(cores(entry, coreNumbers));
                case LEAF_POWER -> cpuid.put(entry.withRegisters(CpuidField.without(entry.eax(), EAX_TURBO), entry.ebx(),
                        CpuidField.without(entry.ecx(), ECX_EPB), entry.edx()));
                case LEAF_PMU -> cpuid.put(counters(entry, guest.vpmuLevel()));
                case LEAF_PMU_EXTENDED -> cpuid.put(guest.vpmuLevel() < PMU_LEVEL_ALL ? entry.withRegisters(0, 0, 0, 0) : entry);
                default -> {
                    // As KVM has it.
                }
            }
        }
        cpuid.find(LEAF_FEATURES_7, 0).ifPresent(leaf -> cpuid.put(leaf.withRegisters(leaf.eax(),
                leaf.ebx() | EBX_FDP_EXCPTN_ONLY_ZERO_FCS_FDS, CpuidField.without(leaf.ecx(), ECX_WAITPKG), leaf.edx())));
    }

    /** Level 1: the counters of architectural version 2, with cycles and instructions as the only events. */
    private static CpuidEntry counters(CpuidEntry leaf, int level) {
        int version = leaf.eax() & PMU_VERSION_MASK;
        if (level == 0 || version == 0) {
            return leaf.withRegisters(0, 0, 0, 0);
        }
        if (level == PMU_LEVEL_ALL) {
            return leaf;
        }
        int eax = CpuidField.with(leaf.eax(), PMU_VERSION_HIGH, 0, Math.min(version, PMU_VERSION_LIMITED));
        eax = CpuidField.with(eax, PMU_EVENTS_HIGH, PMU_EVENTS_LOW, PMU_EVENTS);
        int fixed = Math.min(leaf.edx() & PMU_FIXED_MASK, PMU_FIXED_COUNTERS);
        return leaf.withRegisters(eax, leaf.ebx() & PMU_EVENTS_MASK | PMU_NOT_CYCLES_INSTRUCTIONS, 0, leaf.edx() & ~PMU_FIXED_MASK | fixed);
    }

    private static CpuidEntry cores(CpuidEntry cache, int coreNumbers) {
        boolean isCache = cache.eax() != 0;
        return isCache ? cache.withEax(CpuidField.with(cache.eax(), CORES_HIGH, CORES_LOW, coreNumbers - 1)) : cache;
    }
}
