package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.CpuidEntry;
import java.util.ArrayList;
import java.util.List;

/**
 * The words of CPUID whose bits stand for a feature each, Intel SDM volume 2 and AMD APM volume 3, CPUID; the other words
 * are numbers, names and places, which one host need not have like another.
 */
final class CpuidFeatures {

    private static final int EAX = 1;
    private static final int EBX = 2;
    private static final int ECX = 4;
    private static final int EDX = 8;

    /** IA32_TSC_DEADLINE and x2APIC are KVM's own, which older ones do not list; OSXSAVE mirrors CR4. */
    private static final int LEAF_1_ECX_OTHER = 1 << 24 | 1 << 21 | 1 << 27;
    /** OSPKE mirrors CR4. */
    private static final int LEAF_7_ECX_OTHER = 1 << 4;

    private CpuidFeatures() {
    }

    /** The registers of a leaf and subleaf that are features: a mask. */
    private static int features(int leaf, int subleaf) {
        return switch (leaf) {
            case 0x1, 0x8000_0001 -> ECX | EDX;
            case 0x7 -> subleaf == 0 ? EBX | ECX | EDX : subleaf == 1 ? EAX | EBX | ECX | EDX : EDX;
            case 0xD -> subleaf == 0 ? EAX | EDX : subleaf == 1 ? EAX | ECX | EDX : 0;
            case 0x4000_0001, 0x8000_0021 -> EAX;
            case 0x8000_0007 -> EDX;
            case 0x8000_0008 -> EBX;
            default -> 0;
        };
    }

    /** The features of {@code wanted} that {@code supported} has not, in words, in the order of {@code wanted}. */
    static List<String> missing(List<CpuidEntry> wanted, List<CpuidEntry> supported) {
        List<String> missing = new ArrayList<>();
        for (CpuidEntry entry : wanted) {
            int registers = features(entry.function(), entry.index());
            if (registers != 0) {
                compare(entry, find(supported, entry), registers, missing);
            }
        }
        return missing;
    }

    private static CpuidEntry find(List<CpuidEntry> entries, CpuidEntry like) {
        for (CpuidEntry entry : entries) {
            if (entry.function() == like.function() && (!entry.hasSignificantIndex() || entry.index() == like.index())) {
                return entry;
            }
        }
        return new CpuidEntry(like.function(), like.index(), 0, 0, 0, 0, 0);
    }

    private static void compare(CpuidEntry wanted, CpuidEntry has, int registers, List<String> missing) {
        int other = wanted.function() == 0x1 ? LEAF_1_ECX_OTHER : wanted.function() == 0x7 ? LEAF_7_ECX_OTHER : 0;
        name(wanted, "EAX", (registers & EAX) != 0 ? wanted.eax() & ~has.eax() : 0, missing);
        name(wanted, "EBX", (registers & EBX) != 0 ? wanted.ebx() & ~has.ebx() : 0, missing);
        name(wanted, "ECX", (registers & ECX) != 0 ? wanted.ecx() & ~has.ecx() & ~other : 0, missing);
        name(wanted, "EDX", (registers & EDX) != 0 ? wanted.edx() & ~has.edx() : 0, missing);
    }

    private static void name(CpuidEntry leaf, String register, int bits, List<String> missing) {
        for (int left = bits; left != 0; left &= left - 1) {
            String subleaf = leaf.hasSignificantIndex() ? " subleaf 0x" + Integer.toHexString(leaf.index()) : "";
            missing.add("CPUID leaf 0x" + Integer.toHexString(leaf.function()) + subleaf + " " + register + " bit "
                    + Integer.numberOfTrailingZeros(left));
        }
    }
}
