package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;

/**
 * The cache leaves of AMD CPUs (AMD APM volume 3, appendix E.4): sizes in 0x80000005 and 0x80000006, and everything in
 * 0x8000001D. What KVM leaves out becomes the host's; where the host has no 0x8000001D, it is made from the sizes.
 */
final class AmdCaches {

    private static final int LEAF_MAX_EXTENDED = 0x8000_0000;
    private static final int LEAF_L1 = 0x8000_0005;
    private static final int LEAF_L2_L3 = 0x8000_0006;
    private static final int LEAF_CACHES = 0x8000_001D;
    /** Leaf 0x80000006 EDX bits 17..16, reserved. */
    private static final int L3_RESERVED = 3 << 16;
    private static final int MAX_CACHES = 8;

    private static final int TYPE_DATA = 1;
    private static final int TYPE_INSTRUCTION = 2;
    private static final int TYPE_UNIFIED = 3;
    private static final int LEVEL_SHIFT = 5;
    private static final int SELF_INITIALIZING = 1 << 8;
    private static final int FULLY_ASSOCIATIVE = 1 << 9;
    private static final int WAYS_SHIFT = 22;
    private static final int BYTE = 0xFF;
    private static final int L1_FULL = 0xFF;
    private static final int KIB = 1024;
    private static final int L3_UNIT = 512 * KIB;

    private AmdCaches() {
    }

    static void complete(Cpuid cpuid, HostLeafReader host) {
        int max = host.read(LEAF_MAX_EXTENDED, 0).eax();
        for (int leaf : new int[] {LEAF_L1, LEAF_L2_L3}) {
            if (isEmpty(cpuid, leaf) && Integer.compareUnsigned(max, leaf) >= 0) {
                cpuid.put(host.read(leaf, 0));
            }
        }
        cpuid.find(LEAF_L2_L3, 0).ifPresent(leaf -> cpuid.put(leaf.withEdx(CpuidField.without(leaf.edx(), L3_RESERVED))));
        if (!CacheSharing.describesCaches(cpuid, LEAF_CACHES)) {
            cpuid.remove(LEAF_CACHES);
            if (Integer.compareUnsigned(max, LEAF_CACHES) >= 0) {
                copy(cpuid, host);
            }
            if (!CacheSharing.describesCaches(cpuid, LEAF_CACHES)) {
                cpuid.remove(LEAF_CACHES);
                make(cpuid);
            }
        }
    }

    private static boolean isEmpty(Cpuid cpuid, int leaf) {
        return cpuid.find(leaf, 0).filter(entry -> (entry.eax() | entry.ebx() | entry.ecx() | entry.edx()) != 0).isEmpty();
    }

    private static void copy(Cpuid cpuid, HostLeafReader host) {
        for (int index = 0; index < MAX_CACHES; index++) {
            CpuidEntry entry = host.read(LEAF_CACHES, index);
            put(cpuid, index, entry.eax(), entry.ebx(), entry.ecx(), entry.edx());
            if (entry.eax() == 0) {
                return;
            }
        }
    }

    private static void make(Cpuid cpuid) {
        CpuidEntry l1 = cpuid.find(LEAF_L1, 0).orElse(new CpuidEntry(LEAF_L1, 0, 0, 0, 0, 0, 0));
        CpuidEntry l2l3 = cpuid.find(LEAF_L2_L3, 0).orElse(new CpuidEntry(LEAF_L2_L3, 0, 0, 0, 0, 0, 0));
        int index = 0;
        index = make(cpuid, index, 1, TYPE_DATA, (l1.ecx() >>> 24) * (long) KIB, l1Ways(l1.ecx()), l1.ecx() & BYTE);
        index = make(cpuid, index, 1, TYPE_INSTRUCTION, (l1.edx() >>> 24) * (long) KIB, l1Ways(l1.edx()), l1.edx() & BYTE);
        index = make(cpuid, index, 2, TYPE_UNIFIED, (l2l3.ecx() >>> 16) * (long) KIB, ways(l2l3.ecx()), l2l3.ecx() & BYTE);
        index = make(cpuid, index, 3, TYPE_UNIFIED, (l2l3.edx() >>> 18) * (long) L3_UNIT, ways(l2l3.edx()), l2l3.edx() & BYTE);
        put(cpuid, index, 0, 0, 0, 0);
    }

    /** @param ways 0 for fully associative */
    private static int make(Cpuid cpuid, int index, int level, int type, long bytes, int ways, int lineBytes) {
        if (bytes == 0 || lineBytes == 0) {
            return index;
        }
        int lines = (int) (bytes / lineBytes);
        int realWays = ways == 0 ? lines : ways;
        int eax = type | level << LEVEL_SHIFT | SELF_INITIALIZING | (ways == 0 ? FULLY_ASSOCIATIVE : 0);
        int ebx = lineBytes - 1 | realWays - 1 << WAYS_SHIFT;
        put(cpuid, index, eax, ebx, Math.max(1, lines / realWays) - 1, 0);
        return index + 1;
    }

    private static void put(Cpuid cpuid, int index, int eax, int ebx, int ecx, int edx) {
        cpuid.put(new CpuidEntry(LEAF_CACHES, index, CpuidEntry.KVM_CPUID_FLAG_SIGNIFCANT_INDEX, eax, ebx, ecx, edx));
    }

    private static int l1Ways(int register) {
        int ways = register >>> 16 & BYTE;
        return ways == L1_FULL ? 0 : Math.max(1, ways);
    }

    /** The ways that a code in bits 15..12 stands for; 0 for fully associative. */
    private static int ways(int register) {
        return switch (register >>> 12 & 0xF) {
            case 0x2 -> 2;
            case 0x3 -> 3;
            case 0x4 -> 4;
            case 0x5 -> 6;
            case 0x6 -> 8;
            case 0x8 -> 16;
            case 0xA -> 32;
            case 0xB -> 48;
            case 0xC -> 64;
            case 0xD -> 96;
            case 0xE -> 128;
            case 0xF -> 0;
            default -> 1;
        };
    }
}
