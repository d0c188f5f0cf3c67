package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/**
 * What CPUID answers for one leaf and subleaf.
 *
 * @param function the leaf, the guest's EAX
 * @param index the subleaf, the guest's ECX; counts only with {@link #KVM_CPUID_FLAG_SIGNIFCANT_INDEX}
 * @param flags KVM_CPUID_FLAG constants
 * @param eax answer in EAX
 * @param ebx answer in EBX
 * @param ecx answer in ECX
 * @param edx answer in EDX
 */
public record CpuidEntry(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
    /*
     * struct kvm_cpuid_entry2 {
     *     __u32 function;
     *     __u32 index;
     *     __u32 flags;
     *     __u32 eax, ebx, ecx, edx;
     *     __u32 padding[3];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 40;
    public static final int FUNCTION = 0;
    public static final int INDEX = 4;
    public static final int FLAGS = 8;
    public static final int EAX = 12;
    public static final int EBX = 16;
    public static final int ECX = 20;
    public static final int EDX = 24;

    /** The answer depends on the subleaf. (The kernel's spelling.) */
    public static final int KVM_CPUID_FLAG_SIGNIFCANT_INDEX = 1;

    /** Reads the structure at {@code offset}. */
    public static CpuidEntry readFrom(ByteBuffer b, int offset) {
        return new CpuidEntry(b.getInt(offset + FUNCTION), b.getInt(offset + INDEX), b.getInt(offset + FLAGS),
                b.getInt(offset + EAX), b.getInt(offset + EBX), b.getInt(offset + ECX), b.getInt(offset + EDX));
    }

    /** Writes the structure's words at {@code at}. */
    public void writeTo(int[] words, int at) {
        words[at + FUNCTION / Integer.BYTES] = function;
        words[at + INDEX / Integer.BYTES] = index;
        words[at + FLAGS / Integer.BYTES] = flags;
        words[at + EAX / Integer.BYTES] = eax;
        words[at + EBX / Integer.BYTES] = ebx;
        words[at + ECX / Integer.BYTES] = ecx;
        words[at + EDX / Integer.BYTES] = edx;
    }

    /** Whether the answer depends on the subleaf. */
    public boolean hasSignificantIndex() {
        return (flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0;
    }

    /** The same leaf with other answers. */
    public CpuidEntry withRegisters(int newEax, int newEbx, int newEcx, int newEdx) {
        return new CpuidEntry(function, index, flags, newEax, newEbx, newEcx, newEdx);
    }

    /** The same with another EAX. */
    public CpuidEntry withEax(int value) {
        return withRegisters(value, ebx, ecx, edx);
    }

    /** The same with another EBX. */
    public CpuidEntry withEbx(int value) {
        return withRegisters(eax, value, ecx, edx);
    }

    /** The same with another ECX. */
    public CpuidEntry withEcx(int value) {
        return withRegisters(eax, ebx, value, edx);
    }

    /** The same with another EDX. */
    public CpuidEntry withEdx(int value) {
        return withRegisters(eax, ebx, ecx, value);
    }
}
