package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.CpuidEntry;
import java.util.ArrayList;
import java.util.List;

/** What KVM_GET_SUPPORTED_CPUID says on two hosts, shortened to what matters here. */
final class HostLeaves {

    private HostLeaves() {
    }

    /** An AMD Milan host with performance counters. */
    static List<CpuidEntry> amd() {
        List<CpuidEntry> leaves = new ArrayList<>();
        add(leaves, 0x0, 0, 0, 0x10, 0x68747541, 0x444d4163, 0x69746e65);
        add(leaves, 0x1, 0, 0, 0x00a00f11, 0x07100800, 0x81202000, 0x078bfbff);
        add(leaves, 0x7, 0, 1, 0, 0x01800002, 0x00000004, 0x20000010);
        add(leaves, 0xB, 0, 1, 1, 2, 0x100, 7);
        add(leaves, 0xB, 1, 1, 7, 128, 0x201, 7);
        add(leaves, 0xD, 0, 1, 7, 0x340, 0x340, 0);
        add(leaves, 0x40000000, 0, 0, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);
        add(leaves, 0x40000001, 0, 0, 0x01007efb, 0, 0, 0);
        add(leaves, 0x80000000, 0, 0, 0x80000026, 0x68747541, 0x444d4163, 0x69746e65);
        add(leaves, 0x80000001, 0, 0, 0x00a00f11, 0x40000000, 0x11c00791, 0x23d3fbff);
        add(leaves, 0x80000008, 0, 0, 0x3030, 0x10000005, 0x0003707f, 0);
        add(leaves, 0x8000001D, 0, 1, 0x00004121, 0x01c0003f, 0x3f, 0);
        add(leaves, 0x8000001D, 1, 1, 0x00004122, 0x01c0003f, 0x3f, 0);
        add(leaves, 0x8000001D, 2, 1, 0x00004143, 0x01c0003f, 0x3ff, 2);
        add(leaves, 0x8000001D, 3, 1, 0x0003c163, 0x03c0003f, 0x7fff, 1);
        add(leaves, 0x8000001D, 4, 1, 0, 0, 0, 0);
        add(leaves, 0x8000001E, 0, 0, 7, 0x103, 0x300, 0);
        add(leaves, 0x80000022, 0, 0, 1, 6, 0, 0);
        add(leaves, 0x80000026, 0, 1, 1, 2, 0x100, 7);
        return leaves;
    }

    /** An Intel host with turbo, energy bias, UMWAIT and performance counters. */
    static List<CpuidEntry> intel() {
        List<CpuidEntry> leaves = new ArrayList<>();
        add(leaves, 0x0, 0, 0, 0x1F, 0x756e6547, 0x6c65746e, 0x49656e69);
        add(leaves, 0x1, 0, 0, 0x000606a6, 0x12400800, 0x7ffafbff, 0xbfebfbff);
        add(leaves, 0x4, 0, 1, 0xfc004121, 0x02c0003f, 0x3f, 0);
        add(leaves, 0x4, 1, 1, 0xfc004122, 0x01c0003f, 0x3f, 0);
        add(leaves, 0x4, 2, 1, 0xfc004143, 0x04c0003f, 0x3ff, 0);
        add(leaves, 0x4, 3, 1, 0xfc0fc163, 0x02c0003f, 0xdfff, 4);
        add(leaves, 0x4, 4, 1, 0, 0, 0, 0);
        add(leaves, 0x6, 0, 0, 0x6, 0, 0x9, 0);
        add(leaves, 0x7, 0, 1, 2, 0xf1bf07ab, 0x00405f6e, 0xbc040412);
        add(leaves, 0x7, 1, 1, 0x30, 0, 0, 0);
        add(leaves, 0xA, 0, 0, 0x08300805, 0, 0xf, 0x8604);
        add(leaves, 0xB, 0, 1, 1, 2, 0x100, 0x12);
        add(leaves, 0x1F, 0, 1, 1, 2, 0x100, 0x12);
        add(leaves, 0x80000000, 0, 0, 0x80000008, 0, 0, 0);
        add(leaves, 0x80000008, 0, 0, 0x302e, 0x200, 0, 0);
        return leaves;
    }

    /** A host CPU that answers nothing. */
    static CpuidEntry nothing(int leaf, int subleaf) {
        return new CpuidEntry(leaf, subleaf, 0, 0, 0, 0, 0);
    }

    private static void add(List<CpuidEntry> leaves, int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
        leaves.add(new CpuidEntry(function, index, flags, eax, ebx, ecx, edx));
    }
}
