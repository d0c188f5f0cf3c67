package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MachineConfig.CpuTemplate;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.OpenedFiles;
import io.vmm4j.kvm.HostCpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostProcessorTest {

    @Test
    void theVendorIsSpelledByThreeRegisters() throws Exception {
        assertEquals("GenuineIntel", HostProcessor.vendor(new CpuidEntry(0, 0, 0, 0x16, 0x756e6547, 0x6c65746e, 0x49656e69)));
        String named = Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith("vendor_id")).findFirst().orElseThrow();
        try (HostCpuid host = HostCpuid.open()) {
            assertTrue(named.endsWith(": " + HostProcessor.vendor(host.read(0, 0))), named);
        }
    }

    @Test
    void aTemplateOfOtherProcessorsIsRefusedWithAllElseThatIsWrong() throws Exception {
        // No processor is of both vendors.
        boolean isIntel;
        try (HostCpuid host = HostCpuid.open()) {
            isIntel = HostProcessor.vendor(host.read(0, 0)).equals("GenuineIntel");
        }
        CpuTemplate other = isIntel ? CpuTemplate.T2A : CpuTemplate.T2;
        VmConfig config = VmConfig.of(null, null, MachineConfig.defaults().withCpuTemplate(other));
        MachineAssembler assembler = new MachineAssembler(config, new GivenParts(null, null, List.of(), OpenedFiles.none(), null), exit -> { }, new MachineThreads());
        String refusal = assertThrows(ConfigException.class, assembler::check).getMessage();
        assertTrue(refusal.contains("CPU template " + other + " is for processors of "), refusal);
        assertTrue(refusal.contains("boot-source.kernel_image_path"), refusal);
    }
}
