package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;

/** The leaves that AMD CPUs, and Hygon's, have beside the common ones (AMD APM volume 3, appendix E.4). */
final class AmdCpuid {

    /** The CPU's name where the host has none. */
    static final String FALLBACK_NAME = "AMD EPYC";

    private static final int PMU_LEVEL_ALL = 2;
    private static final int LEAF_FEATURES_7 = 0x7;
    private static final int LEAF_FEATURES = 0x8000_0001;
    private static final int LEAF_SIZES = 0x8000_0008;
    private static final int LEAF_CACHES = 0x8000_001D;
    /** Which thread this is: the one leaf here that differs from vCPU to vCPU. */
    static final int LEAF_TOPOLOGY = 0x8000_001E;
    private static final int LEAF_PMU = 0x8000_0022;

    /** Leaf 7 EDX: IA32_ARCH_CAPABILITIES, which no AMD CPU has; KVM offers to emulate it. */
    private static final int EDX_ARCH_CAPABILITIES = 1 << 29;
    /** Leaf 0x80000001 ECX: threads of a socket are cores, not hyperthreads of one. */
    private static final int ECX_CMP_LEGACY_BIT = 1;
    /** Leaf 0x80000001 ECX: leaves 0x8000001D and 0x8000001E are there. */
    private static final int ECX_TOPOEXT_BIT = 22;
    /** Leaf 0x80000001 ECX: instruction sampling; core, northbridge and last-level-cache counters. */
    private static final int ECX_IBS_PERFCTR = 1 << 10 | 1 << 23 | 1 << 24 | 1 << 28;
    /** Leaf 0x80000008 ECX bits 7..0: threads in a socket, less 1. */
    private static final int THREADS_HIGH = 7;
    /** Leaf 0x80000008 ECX bits 15..12: bits of an APIC id below the socket's number. */
    private static final int APIC_ID_SIZE_HIGH = 15;
    private static final int APIC_ID_SIZE_LOW = 12;
    /** Leaf 0x8000001E EBX bits 7..0: core in its socket; bits 15..8: threads in a core, less 1. */
    private static final int CORE_ID_MASK = 0xFF;
    /** Leaf 0x8000001E ECX bits 7..0: node in the machine; bits 10..8: nodes in a socket, less 1. */
    private static final int NODE_ID_MASK = 0xFF;
    private static final int NODES_HIGHEST = 7;

    private AmdCpuid() {
    }

    static void apply(Cpuid cpuid, GuestCpu guest, int vcpu) {
        CpuTopology topology = guest.topology();
        cpuid.find(LEAF_FEATURES_7, 0).ifPresent(leaf -> cpuid.put(leaf.withEdx(CpuidField.without(leaf.edx(), EDX_ARCH_CAPABILITIES))));
        cpuid.find(LEAF_FEATURES, 0).ifPresent(leaf -> cpuid.put(features(leaf, guest)));
        cpuid.find(LEAF_SIZES, 0).ifPresent(leaf -> cpuid.put(sizes(leaf, topology)));
        if (guest.vpmuLevel() < PMU_LEVEL_ALL) {
            cpuid.find(LEAF_PMU, 0).ifPresent(leaf -> cpuid.put(leaf.withRegisters(0, 0, 0, 0)));
        }
        CacheSharing.apply(cpuid, LEAF_CACHES, topology);
        cpuid.put(topology(topology, vcpu));
        ExtendedLeaves.reach(cpuid, LEAF_TOPOLOGY);
    }

    /** The first four counters have no bit of their own: at level 0 KVM takes them away, at level 1 it filters events. */
    private static CpuidEntry features(CpuidEntry leaf, GuestCpu guest) {
        int ecx = guest.vpmuLevel() < PMU_LEVEL_ALL ? CpuidField.without(leaf.ecx(), ECX_IBS_PERFCTR) : leaf.ecx();
        ecx = CpuidField.withBit(ecx, ECX_CMP_LEGACY_BIT, guest.topology().threadsPerSocket() > 1);
        ecx = CpuidField.withBit(ecx, ECX_TOPOEXT_BIT, true);
        return leaf.withEcx(ecx);
    }

    private static CpuidEntry sizes(CpuidEntry leaf, CpuTopology topology) {
        int ecx = CpuidField.with(leaf.ecx(), THREADS_HIGH, 0, topology.threadsPerSocket() - 1);
        return leaf.withEcx(CpuidField.with(ecx, APIC_ID_SIZE_HIGH, APIC_ID_SIZE_LOW, topology.socketShift()));
    }

    static CpuidEntry topology(CpuTopology topology, int vcpu) {
        int apicId = topology.apicId(vcpu);
        int coreNumbers = 1 << topology.socketShift() - topology.coreShift();
        int core = apicId >>> topology.coreShift() & coreNumbers - 1 & CORE_ID_MASK;
        int ebx = topology.threadsPerCore() - 1 << Byte.SIZE | core;
        int ecx = Math.min(topology.diesPerSocket() - 1, NODES_HIGHEST) << Byte.SIZE | topology.dieOf(vcpu) & NODE_ID_MASK;
        return new CpuidEntry(LEAF_TOPOLOGY, 0, 0, apicId, ebx, ecx, 0);
    }
}
