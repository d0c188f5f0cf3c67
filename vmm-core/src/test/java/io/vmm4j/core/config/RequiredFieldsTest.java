package io.vmm4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import io.vmm4j.core.VmBuilder;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.bus.BusRange;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A part of a machine without a field that it needs: refused by the field, whether that is left out or null, and wherever it came from. */
class RequiredFieldsTest {

    private static final DriveConfig NAMELESS_DRIVE = new DriveConfig(null, false, null, "no.img", false, null);

    /** The whole check of a machine, which also looks at the files that it names. */
    private static String refusal(VmConfig config) {
        return assertThrows(ConfigException.class, () -> VmBuilder.fromConfig(config).check()).getMessage();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "'drives': [{'path_on_host': 'no.img'}] | drives[0].drive_id",
        "'drives': [{'drive_id': null, 'path_on_host': 'no.img'}] | drives[0].drive_id",
        "'drives': [{'drive_id': 'a'}] | drives[0].path_on_host",
        "'drives': [{'drive_id': 'a', 'path_on_host': null}] | drives[0].path_on_host",
        "'drives': [{}] | drives[0].drive_id",
        "'drives': [{'drive_id': 'a', 'socket': null}] | drives[0].path_on_host",
        "'drives': [{'socket': 'v.sock'}] | drives[0].drive_id",
        "'drives': [null] | drives",
        "'network-interfaces': [{'host_dev_name': 'notap'}] | network-interfaces[0].iface_id",
        "'network-interfaces': [{'iface_id': null, 'host_dev_name': 'notap'}] | network-interfaces[0].iface_id",
        "'network-interfaces': [{'iface_id': 'a'}] | network-interfaces[0].host_dev_name",
        "'network-interfaces': [{'iface_id': 'a', 'host_dev_name': null}] | network-interfaces[0].host_dev_name",
        "'network-interfaces': [{}] | network-interfaces[0].iface_id",
        "'network-interfaces': [null] | network-interfaces",
        "'vsock': {'guest_cid': 3} | vsock.uds_path",
        "'vsock': {'uds_path': null} | vsock.uds_path",
        "'vsock': {'uds_path': 'v.sock'} | vsock.guest_cid",
        "'vsock': {} | vsock.uds_path",
        "'pmem': [{}] | pmem",
        "'pmem': [{'id': null, 'path_on_host': null}] | pmem",
        "'pmem': [null] | pmem",
        "'shares': [{}] | shares[0].tag",
        "'shares': [null] | shares",
        "'metrics': {} | metrics",
        "'metrics': {'metrics_path': null} | metrics",
        "'mmds-config': {} | mmds",
        "'mmds-config': {'network_interfaces': [null]} | mmds",
        "'memory-hotplug': {} | memory-hotplug",
        "'entropy': {'rate_limiter': {'bandwidth': {}}} | size",
        "'entropy': {'rate_limiter': {'bandwidth': {'size': null, 'refill_time': null}}} | size",
        "'cpu-config': {'cpuid_modifiers': [{}]} | cpu",
        "'cpu-config': {'cpuid_modifiers': [null]} | cpu",
        "'cpu-config': {'cpuid_modifiers': [{'leaf': '0x1', 'flags': 0, 'modifiers': [{}]}]} | cpu",
        "'cpu-config': {'cpuid_modifiers': [{'leaf': '0x1', 'flags': 0, 'modifiers': [null]}]} | cpu",
        "'cpu-config': {'msr_modifiers': [{}]} | cpu",
        "'cpu-config': {'msr_modifiers': [null]} | cpu",
        "'cpu-config': {'kvm_capabilities': [null]} | cpu",
        "'boot-source': {} | boot-source.kernel_image_path",
        "'boot-source': {'kernel_image_path': null} | boot-source.kernel_image_path",
        "'boot-source': null | boot-source.kernel_image_path"
    })
    void aMissingFieldIsRefusedByItsName(String parts, String named) {
        String boot = parts.contains("boot-source") ? "" : "'boot-source': {'kernel_image_path': 'k'}, ";
        String json = ("{" + boot + parts + "}").replace('\'', '"');
        ConfigException refusal = assertThrows(ConfigException.class, () -> {
            VmConfig config = VmConfigJson.parse(json, "vm.json");
            VmBuilder.fromConfig(config).check();
        });
        assertTrue(refusal.getMessage().contains(named) || refusal.problems().stream().anyMatch(problem -> problem.key().startsWith(named)),
                refusal.problems().toString());
    }

    @Test
    void aDriveWithoutAnIdIsRefusedWhenItComesFromJava() {
        assertTrue(refusal(VmConfig.defaults().withDrives(List.of(NAMELESS_DRIVE))).contains("drive id"));
        ConfigException refusal = assertThrows(ConfigException.class, () -> VmBuilder.create().drive(NAMELESS_DRIVE).build());
        assertTrue(refusal.getMessage().contains("drive id"), refusal.getMessage());
    }

    @Test
    void aKeyGivenTwiceInAListIsReportedOnce() {
        ConfigException refusal = assertThrows(ConfigException.class, () -> StrictJson.readList(
                "[{\"drive_id\": \"a\", \"path_on_host\": \"x\", \"path_on_host\": \"y\"}]", DriveConfig.class, "config"));
        assertEquals(1, refusal.problems().size(), refusal.problems().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a\nb", "a\u001b[2J"})
    void aDeviceOfTheEmbeddersWithANameThatCannotBeReadIsRefused(String name) {
        VmBuilder builder = VmBuilder.create();
        BusDevice device = mock(BusDevice.class);
        assertThrows(IllegalArgumentException.class, () -> builder.portDevice(name, new BusRange(0x500, 4), device));
        assertThrows(IllegalArgumentException.class, () -> builder.mmioDevice(name, new BusRange(0xC000_0000L, 4), device));
        assertThrows(IllegalArgumentException.class, () -> builder.device(name, loop -> null));
    }

    @Test
    void anInterfaceWithoutAnIdIsRefusedWhenItComesFromJava() {
        NetworkInterfaceConfig nameless = NetworkInterfaceConfig.of(null, "notap", null);
        assertTrue(refusal(VmConfig.defaults().withNetworkInterfaces(List.of(nameless))).contains("interface id"));
    }
}
