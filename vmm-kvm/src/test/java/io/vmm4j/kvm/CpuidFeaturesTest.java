package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.kvm.abi.CpuidEntry;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CpuidFeaturesTest {
    private static CpuidEntry plain(int leaf, int eax, int ebx, int ecx, int edx) {
        return new CpuidEntry(leaf, 0, 0, eax, ebx, ecx, edx);
    }

    private static CpuidEntry indexed(int leaf, int subleaf, int eax, int ebx, int ecx, int edx) {
        return new CpuidEntry(leaf, subleaf, CpuidEntry.KVM_CPUID_FLAG_SIGNIFCANT_INDEX, eax, ebx, ecx, edx);
    }

    @Test
    void aMissingFeatureIsNamedByLeafRegisterAndBit() {
        assertEquals(List.of("CPUID leaf 0x7 subleaf 0x0 EBX bit 16", "CPUID leaf 0x7 subleaf 0x1 EAX bit 5", "CPUID leaf 0x1 EDX bit 31"),
                CpuidFeatures.missing(List.of(indexed(7, 0, 2, 0x10001, 0, 0), indexed(7, 1, 0x20, 0, 0, 0), plain(1, 9, 9, 0, 0x80000000)),
                        List.of(indexed(7, 0, 0, 1, 0, 0), plain(1, 0, 0, 0, 1))));
    }

    @Test
    void moreThanWasWantedIsNoLack() {
        assertEquals(List.of(), CpuidFeatures.missing(List.of(plain(0x80000001, 0, 0, 1, 1)), List.of(plain(0x80000001, 7, 7, 7, 7))));
    }

    @Test
    void namesNumbersAndWhatMirrorsTheGuestsOwnChoiceAreNoFeatures() {
        assertEquals(List.of(), CpuidFeatures.missing(List.of(plain(0, 0x20, 1, 2, 3), plain(1, 5, 6, 1 << 27 | 1 << 21 | 1 << 24, 0),
                indexed(7, 0, 3, 0, 1 << 4, 0), indexed(4, 0, 1, 2, 3, 4), plain(0x80000002, 1, 2, 3, 4)), List.of()));
    }
}
