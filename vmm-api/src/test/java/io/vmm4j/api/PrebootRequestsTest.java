package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrebootRequestsTest extends ApiTestBase {

    private static final String VCPUS = "Machine config error: The number of vCPUs must be greater than 0, less than 32 and must be 1 or an "
            + "even number if SMT is enabled.";
    private static final String MEMORY = "Machine config error: The memory size (MiB) is either 0, or not a multiple of the configured page size.";

    @Test
    void machineConfigIsChangedWholeOrNotAtAll() throws IOException {
        done("PUT", "/machine-config", "{'vcpu_count': 32, 'mem_size_mib': 256, 'smt': true, 'huge_pages': '2M'}");
        refused("PATCH", "/machine-config", "{'vcpu_count': 3}", VCPUS);
        refused("PATCH", "/machine-config", "{'vcpu_count': 33}", VCPUS);
        refused("PATCH", "/machine-config", "{'vcpu_count': 0}", VCPUS);
        refused("PATCH", "/machine-config", "{'vcpu_count': 2, 'mem_size_mib': 0}", MEMORY);
        refused("PATCH", "/machine-config", "{'mem_size_mib': 255}", MEMORY);
        refused("PATCH", "/machine-config", "{}", "Empty PATCH request.");
        done("PATCH", "/machine-config", "{'track_dirty_pages': true, 'vcpu_count': 1}");
        assertEquals("200 {\"vcpu_count\":1,\"mem_size_mib\":256,\"smt\":true,\"track_dirty_pages\":true,\"huge_pages\":\"2M\"}",
                get("/machine-config"));
    }

    @Test
    void ofACustomAndAStaticTemplateTheLastOneCounts() throws IOException {
        done("PATCH", "/machine-config", "{'cpu_template': 'T2'}");
        assertTrue(get("/machine-config").contains("\"smt\":false,\"cpu_template\":\"T2\",\"track_dirty_pages\""));
        done("PUT", "/cpu-config", "{'msr_modifiers': [{'addr': '0x10a', 'bitmap': '0b1'}]}");
        assertFalse(get("/machine-config").contains("cpu_template"));
        done("PATCH", "/machine-config", "{'cpu_template': 'T2S'}");
        done("PATCH", "/machine-config", "{'cpu_template': 'None'}");
        assertFalse(get("/machine-config").contains("cpu_template"));
    }

    @Test
    void aBalloonMayNotBeLargerThanTheMemoryWhicheverComesFirst() throws IOException {
        done("PUT", "/balloon", "{'amount_mib': 128, 'deflate_on_oom': false}");
        refused("PATCH", "/machine-config", "{'mem_size_mib': 127}",
                "Machine config error: The memory size (MiB) is smaller than the previously set balloon device target size.");
        done("PATCH", "/machine-config", "{'mem_size_mib': 18446744073709551615}");
        assertTrue(get("/machine-config").contains("\"mem_size_mib\":18446744073709551615"));
    }

    @Test
    void theRootDriveIsTheFirst() throws IOException {
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': false}");
        done("PUT", "/drives/b", "{'drive_id': 'b', 'path_on_host': '$T/root.img', 'is_root_device': true, 'is_read_only': true}");
        assertTrue(get("/vm/config").matches(".*\"b\".*\"a\".*"));
        refused("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': true}",
                "Drive config error: A root block device already exists!");
        done("PUT", "/drives/b", "{'drive_id': 'b', 'path_on_host': '$T/root.img', 'is_root_device': false}");
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': true}");
        assertTrue(get("/vm/config").matches(".*\"a\".*\"b\".*"));
    }

    @Test
    void limitsThatLimitNothingAreNotKept() throws IOException {
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': false, 'rate_limiter': "
                + "{'bandwidth': {'size': 0, 'refill_time': 5}, 'ops': {'size': 5, 'one_time_burst': 0, 'refill_time': 7}}}");
        assertTrue(get("/vm/config").contains("\"rate_limiter\":{\"bandwidth\":null,\"ops\":{\"size\":5,\"one_time_burst\":null,\"refill_time\":7}}"));
        done("PUT", "/entropy", "{'rate_limiter': {'ops': {'size': 18446744073709551615, 'refill_time': 18446744073709551615}}}");
        assertTrue(get("/vm/config").contains("\"entropy\":{\"rate_limiter\":null}"));
    }

    @Test
    void aVsockSocketIsMadeAtOnceAndGivesWayToTheNext() throws IOException {
        done("PUT", "/vsock", "{'guest_cid': 3, 'uds_path': '$T/v1'}");
        assertTrue(Files.exists(directory.resolve("v1")));
        done("PUT", "/vsock", "{'guest_cid': 4, 'uds_path': '$T/v2'}");
        assertFalse(Files.exists(directory.resolve("v1")));
        String busy = "Vsock config error: Cannot create backend for vsock device: Error binding to the host-side Unix socket: ";
        refused("PUT", "/vsock", "{'guest_cid': 4, 'uds_path': '$T/root.img'}", busy + "Address already in use (os error 98)");
        assertTrue(get("/vm/config").contains("\"vsock\":null"), "the one before is gone");
        refused("PUT", "/vsock", "{'guest_cid': 4, 'uds_path': '$T/none/v'}", busy + "No such file or directory (os error 2)");
        refused("PUT", "/vsock", "{'guest_cid': 4, 'uds_path': '" + "x".repeat(108) + "'}", busy + "path must be shorter than SUN_LEN");
        done("PUT", "/vsock", "{'guest_cid': 4, 'uds_path': '$T/v3', 'vsock_id': 'v'}");
        assertTrue(get("/vm/config").contains("\"vsock\":{\"guest_cid\":4,\"uds_path\":\"$T/v3\"}"));
    }

    @Test
    void metricsAreConfiguredOnce() throws IOException {
        String bad = "Metrics error: Cannot initialize the metrics system due to bad user input: ";
        refused("PUT", "/metrics", "{'metrics_path': '$T/none/m'}", bad + "No such file or directory (os error 2)");
        refused("PUT", "/metrics", "{'metrics_path': 'a\\u0000b'}", bad + "file name contained an unexpected NUL byte");
        refused("PUT", "/logger", "{'log_path': 'a\\u0000b'}", "Logger error: Failed to open target file: file name contained an unexpected NUL byte");
        done("PUT", "/metrics", "{'metrics_path': '$T/m', 'unknown': 1}");
        refused("PUT", "/metrics", "{'metrics_path': '$T/m'}", bad + "Reinitialization of metrics not allowed.");
        refused("PUT", "/metrics", "{'metrics_path': '$T/none/m'}", bad + "No such file or directory (os error 2)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            PATCH  | /drives/a             | {'drive_id': 'a'}
            PATCH  | /network-interfaces/a | {'iface_id': 'a'}
            PATCH  | /pmem/a               | {'id': 'a'}
            PATCH  | /vm                   | {'state': 'Paused'}
            PATCH  | /vm                   | {'state': {'Resumed': null}}
            PATCH  | /balloon              | {'amount_mib': 1}
            PATCH  | /balloon/hinting/start |
            PATCH  | /balloon/hinting/stop |
            PATCH  | /hotplug/memory       | {'requested_size_mib': 1}
            GET    | /balloon/hinting/status |
            GET    | /balloon/statistics   |
            GET    | /hotplug/memory       |
            DELETE | /drives/a             |
            DELETE | /network-interfaces/a |
            PUT    | /snapshot/create      | {'snapshot_path': 'a', 'mem_file_path': 'b'}
            PUT    | /actions              | {'action_type': 'FlushMetrics'}
            """)
    void whatIsForARunningMachineIsRefusedBefore(String method, String path, String body) throws IOException {
        refused(method, path, body, BEFORE_START);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            PUT    | /drives/%C3%A4 | {} | API Resource IDs can only contain alphanumeric characters and underscores.
            PUT    | /drives//      | {} | The ID cannot be empty.
            PATCH  | /drives        | {} | The ID cannot be empty.
            DELETE | /drives        |    | The ID cannot be empty.
            DELETE | /drives/a      | {} | Empty Delete request.
            GET    | /              | {} | GET request cannot have a body.
            GET    | /vm            |    | Invalid request method and/or path: GET vm.
            GET    | //version/x    |    | 200
            PUT    | /hotplug/x     | {} | Invalid request method and/or path: PUT hotplug.
            PUT    | /snapshot      | {} | Missing snapshot operation type.
            PUT    | /snapshot/x    | {} | Invalid request method and/or path: PUT /snapshot/x.
            PUT    | /mmds/x        | {} | Unrecognized PUT request path `x`.
            PATCH  | /balloon/hinting | {} | Unrecognized PATCH request path `/hinting/`.
            PATCH  | /balloon/hinting/x | {} | Unrecognized PATCH request path `/hinting/x`.
            GET    | /balloon/hinting/x | | Unrecognized GET request path `/hinting/x`.
            PUT    | /network-interfaces/a | {'iface_id': 'b', 'host_dev_name': 'x'} | The id from the path [a] does not match the id from the body [b]!
            PATCH  | /vm | {'state': 'Paused'} x | An error occurred when deserializing the json body of a request: trailing characters at line 1 column 21.
            """)
    void theFirstThingThatIsWrongIsSaid(String method, String path, String body, String message) throws IOException {
        if (message.equals("200")) {
            assertTrue(send(method, path, body).startsWith("200 "));
        } else {
            refused(method, path, body, message);
        }
    }

    @Test
    void lettersOfAnyScriptMakeAnId() throws IOException {
        done("PUT", "/drives/\u00e4\u4e2d_1", "{'drive_id': '\u00e4\u4e2d_1', 'path_on_host': '$T/root.img', 'is_root_device': false}");
    }

    @Test
    void whatThisVersionHasNotSaysSo() throws IOException {
        refused("PUT", "/pmem/p", "{'id': 'p', 'path_on_host': '/x'}", "Pmem config error: persistent memory is not there in this version of vmm4j.");
        refused("PUT", "/mmds", "{'a': 1}", "MMDS error: the microVM metadata service is not there in this version of vmm4j.");
        refused("PUT", "/hotplug/memory", "{'total_size_mib': 1024}",
                "Memory hotplug config error: memory hotplug is not there in this version of vmm4j.");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /hotplug/memory | {'total_size_mib': 1024, 'block_size_mib': 1} | Memory hotplug config error: Block size must not be lower than 2 MiB
            /hotplug/memory | {'total_size_mib': 1024, 'block_size_mib': 3} | Memory hotplug config error: Block size must be a power of 2
            /hotplug/memory | {'total_size_mib': 1024, 'slot_size_mib': 1} | Memory hotplug config error: Slot size must not be lower than 128 MiB
            /hotplug/memory | {'total_size_mib': 1, 'slot_size_mib': 128} | Memory hotplug config error: Total size must not be lower than slot size (128 MiB)
            /mmds/config | {'network_interfaces': ['a'], 'ipv4_address': '169.254.0.1'} | MMMDS config error: The MMDS IPv4 address is not link local.
            /mmds/config | {'network_interfaces': []} | MMMDS config error: The list of network interface IDs that allow forwarding MMDS requests is empty.
            """)
    void whatIsWrongWithARequestForWhatIsNotThereComesFirst(String path, String body, String message) throws IOException {
        refused("PUT", path, body, message);
    }

    @Test
    void aKernelThatIsNoneIsFoundAtTheStartWhichCanBeTriedAgain() throws IOException {
        String what = "Start microvm error: System configuration error: Cannot load kernel due to invalid memory configuration or invalid kernel "
                + "image: Kernel Loader: failed to load ELF kernel image: Kernel Loader: ";
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/root.img'}");
        refused("PUT", "/actions", "{'action_type': 'InstanceStart'}", what + "Invalid Elf magic number");
        Files.write(directory.resolve("short"), new byte[10]);
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/short'}");
        refused("PUT", "/actions", "{'action_type': 'InstanceStart'}", what + "Unable to read elf header");
        assertTrue(get("/").contains("Not started"));
    }

    @Test
    void moreMemoryThanThereIsIsSaidAtTheStart() throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PATCH", "/machine-config", "{'mem_size_mib': 16777216}");
        refused("PUT", "/actions", "{'action_type': 'InstanceStart'}",
                "Start microvm error: Invalid Memory Configuration: Cannot create mmap region: Out of memory (os error 12)");
    }
}
