package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;

/** The range of leaves from 0x80000000 up. */
final class ExtendedLeaves {

    private static final int LEAF_MAX = 0x8000_0000;

    private ExtendedLeaves() {
    }

    /** Makes leaf 0x80000000 say that {@code leaf} is there, unless it says so already. */
    static void reach(Cpuid cpuid, int leaf) {
        CpuidEntry max = cpuid.find(LEAF_MAX, 0).orElseGet(() -> new CpuidEntry(LEAF_MAX, 0, 0, 0, 0, 0, 0));
        if (Integer.compareUnsigned(max.eax(), leaf) < 0) {
            cpuid.put(max.withEax(leaf));
        }
    }
}
