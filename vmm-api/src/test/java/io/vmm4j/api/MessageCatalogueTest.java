package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages that no recorded answer has, and what a request that is refused leaves behind. */
class MessageCatalogueTest extends ApiTestBase {

    private static final String DRIVE = "Drive config error: Unable to create the virtio block device: ";

    private void needsKvm() {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    private void needsTaps() {
        assumeTrue(Files.isWritable(Path.of("/dev/net/tun")) && "root".equals(System.getProperty("user.name")), "no tap can be made here");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /hotplug/memory | {'total_size_mib': 1024, 'block_size_mib': 256, 'slot_size_mib': 128} | Memory hotplug config error: Slot size must be a multiple of block size (256 MiB)
            /hotplug/memory | {'total_size_mib': 200} | Memory hotplug config error: Total size must be a multiple of slot size (128 MiB)
            /mmds/config    | {'network_interfaces': ['none']} | MMMDS config error: The list of network interface IDs provided contains at least one ID that does not correspond to any existing network interface.
            /balloon        | {'amount_mib': 129, 'deflate_on_oom': true} | Balloon config error: Amount of pages requested is too large.
            """)
    void whatCannotBeIsRefusedByItsReason(String path, String body, String message) throws IOException {
        refused("PUT", path, body, message);
    }

    @Test
    void aBalloonOfMorePagesThanItCanCountIsRefused() throws IOException {
        done("PATCH", "/machine-config", "{'mem_size_mib': 18446744073709551615}");
        done("PUT", "/balloon", "{'amount_mib': 16777215, 'deflate_on_oom': false}");
        refused("PUT", "/balloon", "{'amount_mib': 16777216, 'deflate_on_oom': false}",
                "Balloon config error: Error creating the balloon device: Requested memory should be less than 16777215MiB");
        assertTrue(get("/balloon").contains("\"amount_mib\":16777215,"), "the one before stays");
    }

    @Test
    void aRootOfPersistentMemoryBesideARootDriveIsRefused() throws IOException {
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': true}");
        refused("PUT", "/pmem/p", "{'id': 'p', 'path_on_host': '/x', 'root_device': true}",
                "Pmem config error: Attempt to add pmem as a root device while the root device defined as a block device");
    }

    @Test
    void aDriveOfAProcessThatIsNotThereIsRefusedAndAMixedOneIsNone() throws IOException {
        refused("PUT", "/drives/v", "{'drive_id': 'v', 'is_root_device': false, 'socket': '/x'}",
                DRIVE + "Vhost user backend error: Vhost-user error: Failed to connect to UDS Unix stream: No such file or directory (os error 2)");
        refused("PUT", "/drives/v", "{'drive_id': 'v', 'is_root_device': false, 'socket': '/x', 'is_read_only': false}", DRIVE + "Invalid block config.");
    }

    @Test
    void whatIsRefusedLeavesWhatWasThere() throws IOException {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf', 'boot_args': 'a'}");
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': false}");
        done("PUT", "/entropy", "{'rate_limiter': {'ops': {'size': 3, 'refill_time': 4}}}");
        String before = get("/vm/config");
        for (String[] request : new String[][] {
            {"PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf', 'initrd_path': '$T/none'}"},
            {"PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf', 'boot_args': '" + "a".repeat(2048) + "'}"},
            {"PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/none', 'is_root_device': true}"},
            {"PUT", "/drives/a", "{'drive_id': 'b', 'path_on_host': '$T/root.img', 'is_root_device': true}"},
            {"PUT", "/machine-config", "{'vcpu_count': 2, 'mem_size_mib': 0}"},
            {"PATCH", "/machine-config", "{'mem_size_mib': 256, 'huge_pages': '4M'}"},
            {"PATCH", "/machine-config", "{'mem_size_mib': 257, 'huge_pages': '2M'}"},
            {"PATCH", "/machine-config", "{'vcpu_count': 3, 'smt': true}"},
            {"PUT", "/entropy", "{'rate_limiter': {'ops': {'size': 1}}}"},
            {"PUT", "/balloon", "{'amount_mib': 1000, 'deflate_on_oom': true}"},
            {"PUT", "/actions", "{'action_type': 'InstanceStop'}"},
        }) {
            assertTrue(send(request[0], request[1], request[2]).startsWith("400 "), request[1] + " " + request[2]);
            assertEquals(before, get("/vm/config"), request[1] + " " + request[2]);
        }
    }

    @Test
    void anInterfaceThatCannotBeReplacedIsGone() throws IOException {
        needsTaps();
        String mac = "'guest_mac': '06:00:00:00:00:01'";
        String made = send("PUT", "/network-interfaces/e", "{'iface_id': 'e', 'host_dev_name': 'vmm4jcat0', " + mac + "}");
        assumeTrue(made.equals("204"), made);
        refused("PUT", "/network-interfaces/f", "{'iface_id': 'f', 'host_dev_name': 'vmm4jcat1', " + mac + "}",
                "Network config error: The MAC address is already in use: 06:00:00:00:00:01");
        assertTrue(get("/vm/config").contains("\"iface_id\":\"e\""));
        assertTrue(send("PUT", "/network-interfaces/e", "{'iface_id': 'e', 'host_dev_name': 'vmm4jcat0', 'mtu': 67}").startsWith("400 "));
        assertFalse(get("/vm/config").contains("\"iface_id\":\"e\""));
    }

    @Test
    @Tag("kvm")
    void aBalloonHasOnlyWhatItWasMadeWith() throws IOException {
        needsKvm();
        done("PUT", "/balloon", "{'amount_mib': 0, 'deflate_on_oom': true}");
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
        refused("GET", "/balloon/statistics", null, "Internal VMM error: Balloon: Received stats query when stats are disabled.");
        String off = "Balloon update error: Balloon: Attempting to use hinting when not enabled";
        refused("PATCH", "/balloon/hinting/start", "{}", off);
        refused("PATCH", "/balloon/hinting/stop", null, off);
        refused("GET", "/balloon/hinting/status", null, off);
        refused("PATCH", "/balloon/statistics", "{'stats_polling_interval_s': 1}",
                "Balloon update error: Balloon: Statistics cannot be enabled/disabled after activation.");
        done("PATCH", "/balloon/statistics", "{'stats_polling_interval_s': 0}");
    }

    @Test
    @Tag("kvm")
    void aRunningMachineIsNotSavedAndHasNoStoreOfMetadata() throws IOException {
        needsKvm();
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
        refused("PUT", "/snapshot/create", "{'snapshot_path': '$T/s', 'mem_file_path': '$T/m'}", "Create snapshot error: "
                + "Cannot save the microVM state: Operation not allowed: save/restore unavailable while running");
        for (String method : new String[] {"PUT", "PATCH"}) {
            refused(method, "/mmds", "{'a': 1}", "MMDS error: The MMDS data store is not initialized.");
        }
        refused("DELETE", "/network-interfaces/e", null, "PCI is not enabled");
        refused("DELETE", "/pmem/p", null, "PCI is not enabled");
        refused("PUT", "/pmem/p", "{'id': 'p', 'path_on_host': '/x'}", "PCI is not enabled");
        refused("PUT", "/drives/d", "{'drive_id': 'd', 'is_root_device': false}", "PCI is not enabled");
    }
}
