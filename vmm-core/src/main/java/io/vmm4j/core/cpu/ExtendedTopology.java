package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;

/**
 * The leaves that tell the topology level by level (Intel SDM volume 2, CPUID leaves 0BH and 1FH; AMD has the first as
 * well). KVM gives the host's, or none, so they are made from nothing.
 */
final class ExtendedTopology {

    private static final int LEAF_MAX_BASIC = 0x0;
    private static final int LEAF_TOPOLOGY = 0xB;
    private static final int LEAF_TOPOLOGY_V2 = 0x1F;
    /** AMD's own form of the same; without it kernels take leaf 0xB. */
    private static final int LEAF_AMD_TOPOLOGY = 0x8000_0026;

    /** ECX bits 15..8, level type. */
    private static final int TYPE_SMT = 1;
    private static final int TYPE_CORE = 2;
    private static final int TYPE_DIE = 5;

    private ExtendedTopology() {
    }

    static void apply(Cpuid cpuid, CpuTopology topology, int apicId) {
        int threads = topology.threadsPerCore();
        int all = topology.threadsPerSocket();
        cpuid.remove(LEAF_TOPOLOGY);
        level(cpuid, LEAF_TOPOLOGY, 0, topology.coreShift(), threads, TYPE_SMT, apicId);
        level(cpuid, LEAF_TOPOLOGY, 1, topology.socketShift(), all, TYPE_CORE, apicId);
        level(cpuid, LEAF_TOPOLOGY, 2, 0, 0, 0, apicId);
        cpuid.remove(LEAF_AMD_TOPOLOGY);
        cpuid.remove(LEAF_TOPOLOGY_V2);
        if (hasVersion2(cpuid)) {
            level(cpuid, LEAF_TOPOLOGY_V2, 0, topology.coreShift(), threads, TYPE_SMT, apicId);
            if (topology.diesPerSocket() == 1) {
                level(cpuid, LEAF_TOPOLOGY_V2, 1, topology.socketShift(), all, TYPE_CORE, apicId);
                level(cpuid, LEAF_TOPOLOGY_V2, 2, 0, 0, 0, apicId);
            } else {
                level(cpuid, LEAF_TOPOLOGY_V2, 1, topology.dieShift(), threads * topology.coresPerDie(), TYPE_CORE, apicId);
                level(cpuid, LEAF_TOPOLOGY_V2, 2, topology.socketShift(), all, TYPE_DIE, apicId);
                level(cpuid, LEAF_TOPOLOGY_V2, 3, 0, 0, 0, apicId);
            }
        }
    }

    /** Only the newer leaf tells of dies: a CPU that has some reaches up to it. AMD CPUs have a leaf of their own for them. */
    static void reachDies(Cpuid cpuid, CpuTopology topology) {
        if (topology.diesPerSocket() > 1 && !hasVersion2(cpuid)) {
            cpuid.find(LEAF_MAX_BASIC, 0).ifPresent(leaf -> cpuid.put(leaf.withEax(LEAF_TOPOLOGY_V2)));
        }
    }

    private static boolean hasVersion2(Cpuid cpuid) {
        int max = cpuid.find(LEAF_MAX_BASIC, 0).map(CpuidEntry::eax).orElse(0);
        return Integer.compareUnsigned(max, LEAF_TOPOLOGY_V2) >= 0;
    }

    private static void level(Cpuid cpuid, int leaf, int index, int shift, int count, int type, int apicId) {
        cpuid.put(new CpuidEntry(leaf, index, CpuidEntry.KVM_CPUID_FLAG_SIGNIFCANT_INDEX, shift, count, type << Byte.SIZE | index, apicId));
    }
}
