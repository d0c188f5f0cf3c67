package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.OpenedFiles;
import java.util.List;
import org.junit.jupiter.api.Test;

class MachineAssemblerTest {

    private static void assertRefused(MachineConfig machine, String key, String message) {
        ConfigException refusal = assertThrows(ConfigException.class, () -> MachineAssembler.requireVcpus(machine, 288, 280));
        assertEquals(key, refusal.problems().get(0).key());
        assertEquals(message, refusal.problems().get(0).message());
    }

    @Test
    void moreVcpusThanTheHostHasAreRefusedByTheNumberThatAsksForThem() {
        assertRefused(MachineConfig.of(289, 128), "machine-config.vcpu_count", "vcpu count 289 is above the host maximum 288");
        assertRefused(MachineConfig.of(2, 128).withMaxVcpuCount(289), "machine-config.max_vcpu_count", "max vcpu count 289 is above the host maximum 288");
        assertRefused(MachineConfig.of(289, 128).withMaxVcpuCount(290), "machine-config.vcpu_count", "vcpu count 289 is above the host maximum 288");
        assertDoesNotThrow(() -> MachineAssembler.requireVcpus(MachineConfig.of(288, 128), 288, 300));
    }

    @Test
    void idsBeyondTheHostsAreRefusedWithTheHighest() {
        MachineConfig machine = new MachineConfig(125, null, 128L, 1, 5, 5, 5, null, null, null, null, null, null);
        assertRefused(machine, "machine-config.vcpu_count", "the topology of 125 vCPUs needs APIC ids up to 292, above the host maximum 279");
    }

    @Test
    void moreSpareDevicesThanThereArePlacesAreRefused() {
        VmConfig config = VmConfig.of(null, null, MachineConfig.of(1, 128).withSpareDevices(17));
        MachineAssembler assembler = new MachineAssembler(config, new GivenParts(null, null, List.of(), OpenedFiles.none(), null), exit -> { }, new MachineThreads());
        assertEquals("17 spare devices are more than the 16 that 0 virtio devices leave (machine-config.spare_devices)",
                assertThrows(ConfigException.class, assembler::check).getMessage());
    }
}
