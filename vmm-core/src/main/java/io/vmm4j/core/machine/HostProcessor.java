package io.vmm4j.core.machine;

import io.vmm4j.core.boot.TableBytes;
import io.vmm4j.core.config.CpuTemplates;
import io.vmm4j.core.config.MachineConfig.CpuTemplate;
import io.vmm4j.core.config.Problems;
import io.vmm4j.kvm.HostCpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.libc.LinuxException;
import java.nio.charset.StandardCharsets;

/** Which processor a host has, for what goes with some alone. */
final class HostProcessor {

    private static final int VENDOR = 0;
    private static final int SIGNATURE = 1;

    private HostProcessor() {
    }

    /** Notes when this host's processor is none that {@code template} is for. */
    static void check(CpuTemplate template, Problems problems) throws LinuxException {
        try (HostCpuid host = HostCpuid.open()) {
            CpuTemplates.check(template, vendor(host.read(VENDOR, 0)), host.read(SIGNATURE, 0).eax(), problems);
        }
    }

    /** CPUID leaf 0: twelve characters, in EBX, EDX and ECX. */
    static String vendor(CpuidEntry leaf) {
        byte[] name = new TableBytes().u32(leaf.ebx()).u32(leaf.edx()).u32(leaf.ecx()).toByteArray();
        return new String(name, StandardCharsets.US_ASCII);
    }
}
