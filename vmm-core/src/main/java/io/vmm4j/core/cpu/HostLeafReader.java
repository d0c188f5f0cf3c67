package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.CpuidEntry;

/** Answers for what KVM leaves out: the CPUID instruction on the host itself. */
@FunctionalInterface
public interface HostLeafReader {

    /** The host's answer for a leaf and subleaf, without flags. */
    CpuidEntry read(int leaf, int subleaf);
}
