package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The CPU's name in leaves 0x80000002 to 0x80000004, 48 bytes: "model name" in the guest's /proc/cpuinfo. KVM leaves it
 * empty; it becomes the host's, or a plain one where the host has none.
 */
final class BrandString {

    private static final int LEAF_MAX_EXTENDED = 0x8000_0000;
    private static final int FIRST = 0x8000_0002;
    private static final int LEAVES = 3;
    private static final int LEAF_BYTES = 16;

    private BrandString() {
    }

    /** @param fallback at most 48 ASCII characters */
    static void apply(Cpuid cpuid, HostLeafReader host, String fallback) {
        ByteBuffer name = ByteBuffer.allocate(LEAVES * LEAF_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (Integer.compareUnsigned(host.read(LEAF_MAX_EXTENDED, 0).eax(), FIRST + LEAVES - 1) >= 0) {
            for (int i = 0; i < LEAVES; i++) {
                CpuidEntry leaf = host.read(FIRST + i, 0);
                name.putInt(leaf.eax()).putInt(leaf.ebx()).putInt(leaf.ecx()).putInt(leaf.edx());
            }
        }
        byte[] bytes = name.array();
        if (new String(bytes, StandardCharsets.US_ASCII).replace('\0', ' ').isBlank()) {
            bytes = Arrays.copyOf(fallback.getBytes(StandardCharsets.US_ASCII), bytes.length);
        }
        ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < LEAVES; i++) {
            cpuid.put(new CpuidEntry(FIRST + i, 0, 0, words.getInt(), words.getInt(), words.getInt(), words.getInt()));
        }
        ExtendedLeaves.reach(cpuid, FIRST + LEAVES - 1);
    }
}
