package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;

/**
 * Which vCPUs share a cache: leaf 4 on Intel and 0x8000001D on AMD have the same fields for it. Sizes stay the host's;
 * the first two levels are a core's, the others a die's.
 */
final class CacheSharing {

    private static final int TYPE_MASK = 0x1F;
    private static final int TYPE_NONE = 0;
    private static final int LEVEL_SHIFT = 5;
    private static final int LEVEL_MASK = 7;
    private static final int LAST_CORE_LEVEL = 2;
    /** EAX bits 25..14: highest number an APIC id can have among those that share, less the lowest. */
    private static final int SHARING_HIGH = 25;
    private static final int SHARING_LOW = 14;

    private CacheSharing() {
    }

    /** Whether {@code leaf} describes any cache. */
    static boolean describesCaches(Cpuid cpuid, int leaf) {
        return cpuid.find(leaf, 0).filter(entry -> (entry.eax() & TYPE_MASK) != TYPE_NONE).isPresent();
    }

    static void apply(Cpuid cpuid, int leaf, CpuTopology topology) {
        for (CpuidEntry entry : cpuid.entries()) {
            if (entry.function() == leaf && (entry.eax() & TYPE_MASK) != TYPE_NONE) {
                int level = entry.eax() >>> LEVEL_SHIFT & LEVEL_MASK;
                int shift = level <= LAST_CORE_LEVEL ? topology.coreShift() : topology.dieShift();
                cpuid.put(entry.withEax(CpuidField.with(entry.eax(), SHARING_HIGH, SHARING_LOW, (1 << shift) - 1)));
            }
        }
    }
}
