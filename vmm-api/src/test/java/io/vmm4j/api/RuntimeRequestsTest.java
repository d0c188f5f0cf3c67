package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("kvm")
class RuntimeRequestsTest extends ApiTestBase {

    private static final String NOT_FOUND = "Failed perform action on device: Device not found";

    private volatile CapturedConsole console;

    @Override
    FirecrackerOptions options(FirecrackerOptions defaults) {
        return defaults.withStdio(() -> {
            console = StreamConsole.capture();
            return console;
        });
    }

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    private void start() throws IOException {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
    }

    @Test
    void aGuestThatResetsEndsTheMachine() throws Exception {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/tiny.elf'}");
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
        assertEquals(VmExitReason.RESET, server.await().reason());
        console.awaitText("HELLO", Duration.ofSeconds(10));
    }

    @Test
    void pauseAndResumeMayBeAskedForTwice() throws IOException {
        start();
        for (String state : new String[] {"Paused", "Paused", "Resumed", "Resumed", "Paused", "Resumed"}) {
            done("PATCH", "/vm", "{'state': '" + state + "'}");
            String shown = state.equals("Paused") ? "Paused" : "Running";
            assertEquals("200 {\"id\":\"test\",\"state\":\"" + shown + "\",\"vmm_version\":\"1.16.1\",\"app_name\":\"Firecracker\"}", get("/"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            PUT    | /boot-source    | {'kernel_image_path': 'x'}
            PUT    | /machine-config | {'vcpu_count': 1, 'mem_size_mib': 1}
            PATCH  | /machine-config | {'vcpu_count': 0}
            PUT    | /cpu-config     | {}
            PUT    | /vsock          | {'guest_cid': 3, 'uds_path': 'x'}
            PUT    | /balloon        | {'amount_mib': 0, 'deflate_on_oom': true}
            PUT    | /entropy        | {}
            PUT    | /serial         | {}
            PUT    | /logger         | {}
            PUT    | /metrics        | {'metrics_path': 'x'}
            PUT    | /actions        | {'action_type': 'InstanceStart'}
            PUT    | /hotplug/memory | {'total_size_mib': 1}
            PUT    | /mmds/config    | {'network_interfaces': []}
            PUT    | /snapshot/load  | {'snapshot_path': 'x', 'mem_file_path': 'y'}
            """)
    void whatIsForAMachineToComeIsRefusedAfterwards(String method, String path, String body) throws IOException {
        start();
        refused(method, path, body, AFTER_START);
    }

    @Test
    void devicesThatAreNotThereAreNotFound() throws IOException {
        start();
        refused("GET", "/balloon", null, "Internal VMM error: " + NOT_FOUND);
        refused("GET", "/balloon/statistics", null, "Internal VMM error: " + NOT_FOUND);
        refused("PATCH", "/balloon", "{'amount_mib': 1}", "Balloon update error: " + NOT_FOUND);
        refused("PATCH", "/balloon/hinting/start", null, "Balloon update error: " + NOT_FOUND);
        refused("PATCH", "/drives/a", "{'drive_id': 'a'}",
                "Drive config error: Unable to patch the block device: " + NOT_FOUND + " Please verify the request arguments.");
        refused("PATCH", "/network-interfaces/a", "{'iface_id': 'a'}", "Network config error: Unable to update the net device: " + NOT_FOUND);
        refused("PATCH", "/hotplug/memory", "{'requested_size_mib': 1}", "Memory hotplug update error: " + NOT_FOUND);
        refused("GET", "/hotplug/memory", null, "Internal VMM error: " + NOT_FOUND);
        refused("GET", "/mmds", null, "MMDS error: The MMDS data store is not initialized.");
        done("PATCH", "/pmem/a", "{'id': 'a'}");
        refused("DELETE", "/drives/a", null, "PCI is not enabled");
        refused("PUT", "/network-interfaces/a", "{'iface_id': 'a', 'host_dev_name': 'x'}", "PCI is not enabled");
        done("PUT", "/actions", "{'action_type': 'FlushMetrics'}");
    }

    @Test
    void aDriveGetsAnotherImageAndOtherLimits() throws IOException {
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': false}");
        start();
        Files.write(directory.resolve("other"), new byte[1000]);
        done("PATCH", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/other', 'rate_limiter': {'ops': {'size': 1, 'refill_time': 2}}}");
        assertTrue(get("/vm/config").contains("\"path_on_host\":\"$T/other\",\"rate_limiter\":{\"bandwidth\":null,\"ops\":{\"size\":1,"));
        done("PATCH", "/drives/a", "{'drive_id': 'a', 'rate_limiter': {'ops': {'size': 0, 'refill_time': 0}}}");
        assertTrue(get("/vm/config").contains("\"rate_limiter\":null"));
        String cannot = "Drive config error: Unable to patch the block device: Block: ";
        refused("PATCH", "/drives/a", "{'drive_id': 'a'}", cannot + "Running method expected different backend. Please verify the request arguments.");
        refused("PATCH", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/none'}", cannot + "Virtio backend error: Error manipulating the "
                + "backing file: No such file or directory (os error 2) $T/none Please verify the request arguments.");
        done("PATCH", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img'}");
    }

    @Test
    void twoDrivesOnOneImageStart() throws IOException {
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': true}");
        done("PUT", "/drives/b", "{'drive_id': 'b', 'path_on_host': '$T/root.img', 'is_root_device': false}");
        Files.delete(directory.resolve("root.img"));
        start();
    }

    @Test
    void aBalloonWithoutADriverKeepsItsConfiguration() throws IOException {
        done("PUT", "/balloon", "{'amount_mib': 8, 'deflate_on_oom': true, 'stats_polling_interval_s': 1, 'free_page_hinting': true}");
        start();
        refused("PATCH", "/balloon", "{'amount_mib': 1}", "Balloon update error: Balloon: Device not activated yet.");
        refused("PATCH", "/balloon/statistics", "{'stats_polling_interval_s': 0}",
                "Balloon update error: Balloon: Statistics cannot be enabled/disabled after activation.");
        done("PATCH", "/balloon/statistics", "{'stats_polling_interval_s': 7}");
        assertEquals("200 {\"amount_mib\":8,\"deflate_on_oom\":true,\"stats_polling_interval_s\":7,\"free_page_hinting\":true,"
                + "\"free_page_reporting\":false}", get("/balloon"));
        assertEquals("200 {\"target_pages\":2048,\"actual_pages\":0,\"target_mib\":8,\"actual_mib\":0}", get("/balloon/statistics"));
        assertEquals("200 {\"host_cmd\":0,\"guest_cmd\":null}", get("/balloon/hinting/status"));
        refused("PATCH", "/balloon/hinting/start", "{'x': [}", "An error occurred when deserializing the json body of a request: "
                + "expected value at line 1 column 8.");
        refused("PATCH", "/balloon/hinting/start", "{}", "Balloon update error: Balloon: Device not activated yet.");
        refused("PATCH", "/balloon/hinting/stop", null, "Balloon update error: Balloon: Device not activated yet.");
    }

    @Test
    void aStartThatFailedCanBeTriedAgainWithAllDevices() throws IOException {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf', 'boot_args': '" + "a".repeat(2045) + "'}");
        done("PUT", "/vsock", "{'guest_cid': 3, 'uds_path': '$T/v'}");
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': false}");
        done("PUT", "/entropy", "{}");
        refused("PUT", "/actions", "{'action_type': 'InstanceStart'}",
                "Start microvm error: Invalid kernel command line: Inserting string would make command line too long.");
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
        assertTrue(Files.exists(directory.resolve("v")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {'cpuid_modifiers': [{'leaf': '0x7fff', 'subleaf': '0x1', 'flags': 0, 'modifiers': []}]} | Failed to create guest config: Template changes a CPUID entry not supported by KVM: Leaf: 7fff, Subleaf: 1
            {'msr_modifiers': [{'addr': '0x7fffffff', 'bitmap': '0b1'}]} | Failed to create guest config: Template changes an MSR entry not supported by KVM: Register Address: 7fffffff
            {'kvm_capabilities': ['99999']} | Kvm error: Missing KVM capabilities: 0x1869f
            """)
    void whatTheHostsCpusDoNotHaveIsRefusedAtTheStart(String changes, String why) throws IOException {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/cpu-config", changes);
        refused("PUT", "/actions", "{'action_type': 'InstanceStart'}", "Start microvm error: " + why);
    }

    @Test
    void aKernelThatDoesNotFitIsRefusedAtTheStart() throws IOException {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PATCH", "/machine-config", "{'mem_size_mib': 1}");
        refused("PUT", "/actions", "{'action_type': 'InstanceStart'}", "Start microvm error: System configuration error: Cannot load kernel "
                + "due to invalid memory configuration or invalid kernel image: Kernel Loader: failed to load ELF kernel image: "
                + "Kernel Loader: Unable to read kernel image");
    }

    @Test
    void ctrlAltDelIsTypedUntilTheKeyboardIsFull() throws IOException {
        start();
        for (int press = 1; press <= 4; press++) {
            done("PUT", "/actions", "{'action_type': 'SendCtrlAltDel'}");
        }
        refused("PUT", "/actions", "{'action_type': 'SendCtrlAltDel'}", "Internal VMM error: I8042 error: i8042 internal buffer full.");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            $T/none/out | No such file or directory (os error 2)
            $T          | Is a directory (os error 21)
            a\\u0000b    | file name contained an unexpected NUL byte
            """)
    void aSerialOutputThatDoesNotOpenIsRefusedAtTheStart(String path, String why) throws IOException {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/serial", "{'serial_out_path': '" + path + "'}");
        refused("PUT", "/actions", "{'action_type': 'InstanceStart'}",
                "Start microvm error: Failed to create device manager: Error with EventFd: " + why);
    }

    @Test
    void anInitrdThatDoesNotFitOrIsNoneIsRefusedAtTheStart() throws IOException {
        String start = "Start microvm error: Error with initrd initialization: ";
        Files.createFile(directory.resolve("empty"));
        try (RandomAccessFile large = new RandomAccessFile(directory.resolve("large").toFile(), "rw")) {
            large.setLength(129 << 20);
        }
        String[][] cases = {{"$T/large", "Failed to compute the initrd address.."}, {"$T", "Cannot load initrd due to an invalid image: "
                + "Is a directory (os error 21)."}, {"$T/empty", "Cannot load initrd due to an invalid memory configuration.."},
                {"/dev/zero", "Cannot load initrd due to an invalid memory configuration.."}};
        for (String[] one : cases) {
            done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf', 'initrd_path': '" + one[0] + "'}");
            refused("PUT", "/actions", "{'action_type': 'InstanceStart'}", start + one[1]);
        }
    }

    @Test
    void moreDevicesThanInterruptsAreRefusedAtTheStart() throws IOException {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        String why = "Start microvm error: Could not attach device: ";
        for (int i = 1; i <= 20; i++) {
            done("PUT", "/drives/d" + i, "{'drive_id': 'd" + i + "', 'path_on_host': '$T/root.img', 'is_root_device': false, 'is_read_only': true}");
            String full = i < 17 ? null : i < 19 ? "Error while registering ACPI with KVM: VMClock: Could not allocate GSI: "
                    : i < 20 ? "Error while registering ACPI with KVM: VMGenID: Could not allocate GSI: "
                    : "MMIO transport error: Failed to allocate requested resource: ";
            if (full != null) {
                refused("PUT", "/actions", "{'action_type': 'InstanceStart'}", why + full + "The requested resource is not available.");
            }
        }
    }

    @Test
    void aSnapshotWhoseFilesCannotBeIsRefusedForThatFirst() throws IOException {
        start();
        done("PATCH", "/vm", "{'state': 'Paused'}");
        String request = "{'snapshot_path': '%s', 'mem_file_path': '%s'}";
        String start = "Create snapshot error: ";
        refused("PUT", "/snapshot/create", request.formatted("$T/none/s", "$T/m"),
                start + "Cannot perform open on the snapshot backing file: No such file or directory (os error 2)");
        refused("PUT", "/snapshot/create", request.formatted("$T/root.img/s", "$T/m"),
                start + "Cannot perform open on the snapshot backing file: Not a directory (os error 20)");
        refused("PUT", "/snapshot/create", request.formatted("$T/s", "$T"),
                start + "Cannot perform open on the memory backing file: Is a directory (os error 21)");
        assertFalse(Files.exists(directory.resolve("m")), "nothing is made");
    }

    @Test
    void whatTheGuestPrintsGoesToAFileWithinALimit() throws Exception {
        done("PUT", "/serial", "{'serial_out_path': '$T/out', 'rate_limiter': {'size': 4, 'refill_time': 100000000}}");
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/tiny.elf'}");
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
        server.await();
        assertEquals("HELL", Files.readString(directory.resolve("out")));
    }

    @Test
    void aTapThatIsNotThereIsMadeForWhoMay() throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/net/tun")) && "root".equals(System.getProperty("user.name")), "no tap can be made here");
        String made = send("PUT", "/network-interfaces/e", "{'iface_id': 'e', 'host_dev_name': 'vmm4jtap%d', 'mtu': 1500}");
        assumeTrue(made.equals("204"), made);
        refused("PUT", "/network-interfaces/f", "{'iface_id': 'f', 'host_dev_name': 'vmm4jtap0', 'mtu': 1500}", "Network config error: Could not "
                + "create the network device: Open tap device failed: Error while creating ifreq structure: Device or resource busy (os error 16). "
                + "Invalid TUN/TAP Backend provided by vmm4jtap0. Check our documentation on setting up the network devices.");
        refused("PUT", "/network-interfaces/g", "{'iface_id': 'g', 'host_dev_name': 'vmm4jtapxxxxxxxxx'}",
                "Network config error: Could not create the network device: Open tap device failed: Invalid interface name");
        refused("PUT", "/network-interfaces/g", "{'iface_id': 'g', 'host_dev_name': 'vmm4jtap1', 'mtu': 67}",
                "Network config error: Could not create the network device: MTU 67 is out of range [68, 65535]");
        start();
        done("PATCH", "/network-interfaces/e", "{'iface_id': 'e', 'rx_rate_limiter': {'bandwidth': {'size': 5, 'refill_time': 6}}}");
        assertTrue(get("/vm/config").contains("\"network-interfaces\":[{\"iface_id\":\"e\",\"host_dev_name\":\"vmm4jtap0\",\"guest_mac\":null,"
                + "\"mtu\":1500,\"rx_rate_limiter\":{\"bandwidth\":{\"size\":5,\"one_time_burst\":null,\"refill_time\":6},\"ops\":null},"
                + "\"tx_rate_limiter\":null}]"), get("/vm/config"));
    }
}
