package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.abi.CpuidEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class HostCpuidTest {

    private static String text(int... registers) {
        ByteBuffer bytes = ByteBuffer.allocate(registers.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int register : registers) {
            bytes.putInt(register);
        }
        return new String(bytes.array(), StandardCharsets.US_ASCII).replace("\0", "").strip();
    }

    @Test
    void theVendorIsTheOneThatTheKernelNames() throws Exception {
        try (HostCpuid cpuid = HostCpuid.open()) {
            CpuidEntry leaf = cpuid.read(0, 0);
            String vendor = text(leaf.ebx(), leaf.edx(), leaf.ecx());
            assertTrue(Files.readString(Path.of("/proc/cpuinfo")).contains("vendor_id\t: " + vendor + "\n"), vendor);
        }
    }

    @Test
    void theSubleafReachesTheInstruction() throws Exception {
        try (HostCpuid cpuid = HostCpuid.open()) {
            CpuidEntry state = cpuid.read(0xD, 0);
            CpuidEntry avx = cpuid.read(0xD, 2);
            assertEquals(2, avx.index());
            assertTrue(avx.eax() < state.ebx(), "the AVX part of the state is smaller than the state");
        }
    }
}
