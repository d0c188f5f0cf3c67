package io.vmm4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.cpu.CpuTopology;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VmConfigTest {

    private static final String MINIMAL = """
            {"boot-source": {"kernel_image_path": "vmlinux"},
             "drives": [{"drive_id": "rootfs", "path_on_host": "root.img", "is_root_device": true}]}
            """;

    static VmConfig parse(String json) throws ConfigException {
        return VmConfigJson.parse(json, "test.json");
    }

    static String refusal(String json) {
        return assertThrows(ConfigException.class, () -> parse(json).check(), json).getMessage();
    }

    static String machineRefusal(String machineConfig) {
        return refusal(MINIMAL.strip().replaceFirst("}$", ", \"machine-config\": " + machineConfig + "}"));
    }

    @Test
    void absentFieldsTakeTheDocumentedDefaults() throws ConfigException {
        VmConfig config = parse(MINIMAL);
        config.check();
        assertEquals(1, config.machineConfig().vcpuCount());
        assertEquals(1, config.machineConfig().maxVcpuCount());
        assertEquals(128, config.machineConfig().memSizeMib());
        assertEquals("shmem", config.machineConfig().memType());
        assertTrue(config.serial().isStdio());
        assertEquals(false, config.drives().get(0).isReadOnly());
        assertEquals(DriveConfig.CacheType.Writeback, config.drives().get(0).cacheType());
    }

    @Test
    void spareDevicesAreANumberOrLeftToTheMachine() throws ConfigException {
        assertEquals(null, parse(MINIMAL).machineConfig().spareDevices());
        assertEquals(7, MachineConfig.of(1, 128).withSpareDevices(7).withVcpuCount(2).withMemSizeMib(64).spareDevices());
        assertTrue(machineRefusal("{\"spare_devices\": -1}").contains("number of spare devices -1 is below 0 (machine-config.spare_devices)"));
    }

    @Test
    void whatIsWrittenReadsBackAsTheSameConfiguration() throws ConfigException {
        VmConfig config = new VmConfig(new BootSourceConfig("k", "i", "quiet"),
                List.of(new DriveConfig("d", true, "aa-01", "p", true, DriveConfig.CacheType.Unsafe)
                        .withRateLimiter(new RateLimiterConfig(new TokenBucketConfig(1L, 2L, 3L), null))),
                MachineConfig.of(3, 512), new LoggerConfig("log", "Debug"), new SerialConfig("/run/console"),
                new VsockConfig(42L, "/run/v.sock", "v"),
                List.of(new NetworkInterfaceConfig("eth0", "tap0", "02:00:00:00:00:01", 1500, RateLimiterConfig.bytesPerSecond(9),
                        RateLimiterConfig.operationsPerSecond(7), 2, 512)),
                new EntropyConfig(RateLimiterConfig.bytesPerSecond(1000)), new MemoryBalloonConfig(64L, true, 5, true, true),
                new VirtioConsoleConfig("stdio"), new CpuConfig(List.of("121", "!36"),
                        List.of(new CpuConfig.LeafModifier("0x1", "0x0", 0, List.of(new CpuConfig.RegisterModifier("ecx", "0bx1x0")))),
                        List.of(new CpuConfig.MsrModifier("0x10a", "0b1"))));
        assertEquals(config, parse(VmConfigJson.write(config)));
    }

    @Test
    void theKeysAreThoseOfTheConfigurationFile() {
        RateLimiterConfig limit = new RateLimiterConfig(new TokenBucketConfig(1L, 2L, 3L), new TokenBucketConfig(1L, 2L, 3L));
        String json = VmConfigJson.write(new VmConfig(new BootSourceConfig("k", "i", "a"),
                List.of(new DriveConfig("d", true, "aa", "p", true, null).withRateLimiter(limit)), MachineConfig.of(2, 64), null, null,
                new VsockConfig(3L, "/run/v.sock", "v"),
                List.of(new NetworkInterfaceConfig("e", "t", "02:00:00:00:00:01", 1500, limit, limit, null, null)),
                new EntropyConfig(limit), MemoryBalloonConfig.empty(), null, null));
        for (String key : List.of("boot-source", "kernel_image_path", "initrd_path", "boot_args", "drives", "drive_id",
                "is_root_device", "partuuid", "path_on_host", "is_read_only", "cache_type", "machine-config", "vcpu_count",
                "mem_size_mib", "rate_limiter", "bandwidth", "ops", "size", "one_time_burst", "refill_time", "network-interfaces",
                "iface_id", "host_dev_name", "guest_mac", "mtu", "rx_rate_limiter", "tx_rate_limiter", "entropy", "balloon",
                "amount_mib", "deflate_on_oom", "stats_polling_interval_s", "free_page_hinting", "free_page_reporting",
                "vsock", "guest_cid", "uds_path", "vsock_id")) {
            assertTrue(json.contains("\"" + key + "\""), () -> key + " is missing in " + json);
        }
    }

    @Test
    void aShareIsReadAndItsBoundsAreChecked() throws ConfigException {
        String shares = "\"shares\": [{\"tag\": \"a\", \"path_on_host\": \"/a\", \"read_only\": true, \"cache\": \"never\", \"num_queues\": 2},"
                + "{\"tag\": \"b\"}]}";
        VmConfig config = parse(MINIMAL.strip().replaceFirst("}$", ", " + shares));
        assertEquals(List.of(ShareConfig.of("/a", "a").withReadOnly(true).withCache(ShareConfig.Cache.NEVER).withQueues(2, 512), ShareConfig.of(null, "b")),
                config.shares());
        config.check();
        assertEquals(config, parse(VmConfigJson.write(config)));
        assertEquals(config.shares(), config.withDrives(List.of()).shares());
        assertEquals("tag \"a\" is used twice (shares[1].tag)", refusalOf(ShareConfig.of("/a", "a"), ShareConfig.of("/b", "a")));
        assertEquals("tag \"" + "x".repeat(37) + "\" of 37 bytes is above the limit of 36 (shares[0].tag)", refusalOf(ShareConfig.of("/a", "x".repeat(37))));
        assertTrue(refusalOf(ShareConfig.of("/a", "a").withQueues(1, 8)).contains("queue size 8"));
        assertTrue(refusalOf(ShareConfig.of("/a", "a").withQueues(17, 16)).contains("number of queues 17"));
        assertTrue(refusalOf(ShareConfig.of("/a", "a").withCache(ShareConfig.Cache.METADATA).withWriteback(true)).contains("shares[0].writeback"));
        assertEquals("", refusalOf(ShareConfig.of("/a", "a").withWriteback(true).withXattr(false).withPrivileged(true)));
    }

    private static String refusalOf(ShareConfig... shares) {
        Problems problems = new Problems();
        VmConfig.of(new BootSourceConfig("k", null, null), null, null).withShares(List.of(shares)).check(problems);
        try {
            problems.throwIfAny();
            return "";
        } catch (ConfigException e) {
            return e.getMessage();
        }
    }

    @Test
    void aMaxVcpuCountThatIsAbsentFollowsTheVcpuCount() {
        assertEquals(4, MachineConfig.of(4, 128).maxVcpuCount());
    }

    @Test
    void aTopologyOfOnesIsOneSocketWithACoreEachVcpu() {
        assertEquals(new CpuTopology(1, 6, 1, 1), MachineConfig.of(6, 128).topology());
        assertEquals(new CpuTopology(1, 1, 1, 1), MachineConfig.defaults().topology());
    }

    @Test
    void aTopologyWhoseProductIsTheCountIsTaken() throws ConfigException {
        VmConfig config = parse(MINIMAL.strip().replaceFirst("}$",
                ", \"machine-config\": {\"vcpu_count\": 12, \"threads_per_core\": 2, \"cores_per_die\": 3, \"sockets\": 2}}"));
        config.check();
        assertEquals(new CpuTopology(2, 3, 1, 2), config.machineConfig().topology());
    }

    @Test
    void theRootDeviceComesFirstAndTheOthersKeepTheirOrder() throws ConfigException {
        VmConfig config = parse("""
                {"boot-source": {"kernel_image_path": "k"}, "drives": [
                 {"drive_id": "a", "path_on_host": "1"}, {"drive_id": "b", "path_on_host": "2"},
                 {"drive_id": "c", "path_on_host": "3", "is_root_device": true}]}""");
        assertEquals(List.of("c", "a", "b"), config.drives().stream().map(DriveConfig::driveId).toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"vcpu_count\": \"two\"} | whole number",
        "{\"vcpu_count\": 1.5} | whole number",
        "{\"vcpu_count\": 99999999999} | out of range",
        "{\"cpu_pm\": \"yes\"} | true or false",
        "{\"mem_type\": {}} | a string",
        "{\"mem_type\": 5} | a string",
        "{\"mem_file_path\": true} | a string",
        "{\"mem_file_path\": 1.5} | a string",
        "{\"vcpu_count\": \"\"} | whole number",
        "{\"vcpu_count\": true} | whole number",
        "{\"cpu_pm\": 1} | true or false",
    })
    void aValueOfTheWrongTypeIsRefusedWithWhatIsWanted(String machineConfig, String wanted) {
        String message = machineRefusal(machineConfig);
        assertTrue(message.contains(wanted), message);
        assertTrue(message.contains("machine-config."), message);
        assertEquals(1, message.lines().count(), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"vcpu_count\": 0} | vcpu count 0 is not in 1..1024 (machine-config.vcpu_count)",
        "{\"vcpu_count\": 1025} | vcpu count 1025 is not in 1..1024 (machine-config.vcpu_count)",
        "{\"vcpu_count\": 3, \"max_vcpu_count\": 2} | max vcpu count 2 is below the vcpu count 3 (machine-config.max_vcpu_count)",
        "{\"max_vcpu_count\": 3000} | max vcpu count 3000 is above 1024 (machine-config.max_vcpu_count)",
        "{\"mem_size_mib\": 0} | memory size 0 MiB is not in 1..67108864 (machine-config.mem_size_mib)",
        "{\"mem_type\": \"swap\"} | memory type \"swap\" is not one of",
        "{\"threads_per_core\": 3} | threads per core 3 is not in 1..2 (machine-config.threads_per_core)",
        "{\"vpmu_level\": 3} | vPMU level 3 is not in 0..2 (machine-config.vpmu_level)",
        "{\"sockets\": 2} | 1 cores per die, 1 dies per socket and 2 sockets has 2 vCPUs, and the max vcpu count is 1: give a max vcpu count of 2, or sockets 1 (machine-config.sockets)",
        "{\"vcpu_count\": 8, \"threads_per_core\": 2, \"cores_per_die\": 3} | has 6 vCPUs, and the max vcpu count is 8: give a vcpu count and a max vcpu count of 6, or cores per die 4 (machine-config.threads_per_core)",
        "{\"vcpu_count\": 8, \"cores_per_die\": 3, \"sockets\": 4} | give a max vcpu count of 12, or cores per die 2 (machine-config.cores_per_die)",
        "{\"vcpu_count\": 7, \"cores_per_die\": 100, \"sockets\": 100} | has 10000 vCPUs, and the max vcpu count is 7: give numbers whose product is 7",
        "{\"dies_per_socket\": 0} | dies per socket 0 is not in 1..1024 (machine-config.dies_per_socket)",
        "{\"mem_type\": \"hugeanon\", \"mem_file_path\": \"/d\"} | memory file \"/d\" does not go with memory type hugeanon, which has no file",
    })
    void aMachineThatCannotBeIsRefusedWithValueBoundAndKey(String machineConfig, String message) {
        String refusal = machineRefusal(machineConfig);
        assertTrue(refusal.contains(message), refusal);
    }

    private static String deviceRefusal(String devices) {
        return refusal(MINIMAL.strip().replaceFirst("}$", ", " + devices + "}"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'iface_id': 'e'                                                 | a tap interface is required (network-interfaces[0].host_dev_name)",
        "'host_dev_name': 't'                                            | interface id is missing (network-interfaces[0].iface_id)",
        "'iface_id': 'e', 'host_dev_name': 'sixteen-bytes-ab'            | of 16 bytes is above the limit of 15",
        "'iface_id': 'e', 'host_dev_name': 'tap%d'                       | tap name \"tap%d\" must be without",
        "'iface_id': 'e', 'host_dev_name': 't', 'mtu': 67                | MTU 67 is not in 68..65535 (network-interfaces[0].mtu)",
        "'iface_id': 'e', 'host_dev_name': 't', 'guest_mac': '43:2D:9C:13:71:48' | 43:2D:9C:13:71:48 is a multicast address",
        "'iface_id': 'e', 'host_dev_name': 't', 'guest_mac': '00:00:00:00:00:00' | 00:00:00:00:00:00 is no device's (network-interfaces[0].guest_mac)",
        "'iface_id': 'e', 'host_dev_name': 't', 'guest_mac': '1:2:3:4:5:6' | \"1:2:3:4:5:6\" is not six hex fields",
        "'iface_id': 'e', 'host_dev_name': 't', 'queue_pairs': 17        | 17 queue pairs are not in 1..16",
        "'iface_id': 'e', 'host_dev_name': 't', 'queue_size': 100        | queue size 100 is not a power of two in 32..1024",
        "'iface_id': 'e', 'host_dev_name': 't', 'queue_size': 16         | queue size 16 is not a power of two in 32..1024 (network-interfaces[0].queue_size)",
        "'iface_id': 'e', 'host_dev_name': 't', 'rx_rate_limiter': {'ops': {'refill_time': 1}} | operations limit has no size (network-interfaces[0].rx_rate_limiter.ops.size)",
    })
    void aNetworkInterfaceThatCannotBeIsRefusedWithValueBoundAndKey(String fields, String message) {
        String refusal = deviceRefusal(("'network-interfaces': [{" + fields + "}]").replace('\'', '"'));
        assertTrue(refusal.contains(message), refusal);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'balloon': {'amount_mib': 129} | balloon of 129 MiB is not in 0..128, the guest's memory (balloon.amount_mib)",
        "'balloon': {'stats_polling_interval_s': 65536} | statistics interval 65536 s is not in 0..65535",
        "'balloon': {'amount': 1} | unknown key \"amount\"",
        "'entropy': {'rate_limiter': {'bandwidth': {'size': -1, 'refill_time': 5}}} | bandwidth limit size -1 is below 0 (entropy.rate_limiter.bandwidth.size)",
        "'entropy': {'rate_limiter': {'bytes': {}}} | unknown key \"bytes\"",
        "'console': {}, 'serial': {'path': 'stdio'} | on standard input and output too",
        "'serial': {'path': 'c'}, 'vsock': {'guest_cid': 3, 'uds_path': 'c'} | socket c is the serial port's or the console's too (vsock.uds_path)",
        "'console': {'path': 'c'}, 'vsock': {'guest_cid': 3, 'uds_path': 'c'} | socket c is the serial port's or the console's too (vsock.uds_path)",
        "'console': {'path': 'c'}, 'serial': {'path': 'c'} | socket c is the serial port's too (console.path)",
        "'network-interfaces': [{'iface_id': 'a', 'host_dev_name': 't'}, {'iface_id': 'a', 'host_dev_name': 't'}] | tap \"t\" is used twice (network-interfaces[1].host_dev_name)",
    })
    void aDeviceThatCannotBeIsRefusedWithValueBoundAndKey(String devices, String message) {
        String refusal = deviceRefusal(devices.replace('\'', '"').replace("guest\"s", "guest's"));
        assertTrue(refusal.contains(message), refusal);
    }

    @Test
    void aConsoleOnStandardInputAndOutputTakesThemFromTheSerialPort() throws ConfigException {
        VmConfig config = parse(MINIMAL.strip().replaceFirst("}$", ", \"console\": {}}"));
        config.check();
        assertTrue(config.serial().isNone());
        assertEquals(SerialConfig.STDIO, config.console().path());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"kvm_capabilities\": [\"12a\"]} | KVM capability \"12a\" is not a number, with or without ! before it (cpu-config.kvm_capabilities[0])",
        "{\"cpuid_modifiers\": [{\"leaf\": \"x\"}]} | \"x\" is not a number of 32 bits (cpu-config.cpuid_modifiers[0].leaf)",
        "{\"cpuid_modifiers\": [{\"leaf\": \"0x1\", \"modifiers\": [{\"register\": \"rax\", \"bitmap\": \"0b1\"}]}]} | register \"rax\" is not one of",
        "{\"cpuid_modifiers\": [{\"leaf\": \"0x1\", \"modifiers\": [{\"register\": \"eax\", \"bitmap\": \"0b012\"}]}]} | bitmap \"0b012\" is not 0b and 1 to 32 of 0, 1 and x",
        "{\"msr_modifiers\": [{\"addr\": \"0x10a\", \"bitmap\": \"1\"}]} | 1 to 64 of 0, 1 and x",
        "{\"msr_modifiers\": [{\"addr\": \"4294967296\", \"bitmap\": \"0b1\"}]} | \"4294967296\" is not a number of 32 bits",
        "{\"msr_modifiers\": [{\"address\": \"1\"}]} | unknown key \"address\"",
    })
    void changesToCpusThatCannotBeReadAreRefusedWithTheirPlace(String cpuConfig, String message) {
        String refusal = refusal(MINIMAL.strip().replaceFirst("}$", ", \"cpu-config\": " + cpuConfig + "}"));
        assertTrue(refusal.contains(message), refusal);
    }

    @Test
    void changesToCpusMayBeInAFileOfTheirOwn(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("cpu.json");
        Files.writeString(file, "{\"msr_modifiers\": [{\"addr\": \"0x10a\", \"bitmap\": \"0b1\"}]}");
        assertEquals(0x10a, withCpuConfig(file).cpuConfig().msrModifiers().get(0).number());
        Files.writeString(file, "{\"msrs\": []}");
        String refusal = assertThrows(ConfigException.class, () -> withCpuConfig(file)).getMessage();
        assertTrue(refusal.startsWith("file " + file + ": unknown key \"msrs\"") && refusal.endsWith("(cpu-config)"), refusal);
        Files.delete(file);
        refusal = assertThrows(ConfigException.class, () -> withCpuConfig(file)).getMessage();
        assertTrue(refusal.startsWith("file " + file + " does not exist"), refusal);
    }

    private static VmConfig withCpuConfig(Path file) throws ConfigException {
        return parse(MINIMAL.strip().replaceFirst("}$", ", \"cpu-config\": \"" + file + "\"}"));
    }

    @Test
    void aBitmapSetsClearsAndKeepsBits() {
        CpuConfig.MsrModifier modifier = new CpuConfig.MsrModifier("0x10", "0b1_0x");
        assertEquals(0x10, modifier.number());
        assertEquals(0xF5L, modifier.change().apply(0xF3L));
        assertEquals(0xFFFF_FFFDL, new CpuConfig.RegisterModifier("eax", "0b" + "1".repeat(30) + "0x").change().apply(1) & 0xFFFF_FFFFL);
        assertEquals(List.of(121), new CpuConfig(List.of("121", "!36"), null, null).neededCapabilities());
        assertEquals(List.of(36), new CpuConfig(List.of("121", "!36"), null, null).waivedCapabilities());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'drives': [null]} | an element of the list is null | (drives[0])",
        "{'drives': [{'drive_id': 'a', 'path_on_host': 'p'}, null]} | an element of the list is null | (drives[1])",
        "{'network-interfaces': [null]} | an element of the list is null | (network-interfaces[0])",
        "{'cpu-config': {'kvm_capabilities': [null]}} | an element of the list is null | (cpu-config.kvm_capabilities[0])",
        "{'cpu-config': {'cpuid_modifiers': [{'leaf': '1', 'modifiers': [null]}]}} | an element of the list is null | (cpu-config.cpuid_modifiers[0].modifiers[0])",
        "{'cpu-config': {'msr_modifiers': [null]}} | an element of the list is null | (cpu-config.msr_modifiers[0])",
        "{'cpu-config': {'kvm_capabilities': [121]}} | the value is not a string | (cpu-config.kvm_capabilities[0])",
        "{'drives': ''} | the value is not a list | (drives)",
        "{'boot-source': ''} | the value is not an object | (boot-source)",
        "{'drives': [{'drive_id': 'a', 'path_on_host': 'p', 'cache_type': 1}]} | \"1\" is not one of Unsafe, Writeback | (drives[0].cache_type)",
        "{'drives': [{'drive_id': 'a', 'path_on_host': 'p', 'io_engine': ''}]} | \"\" is not one of Sync, Async | (drives[0].io_engine)",
        "{'drives': [{'drive_id': 7, 'path_on_host': 'p'}]} | the value is not a string | (drives[0].drive_id)",
    })
    void whatIsNullOrOfAnotherKindInsideAListIsRefusedWithItsPlace(String json, String message, String place) {
        String refusal = refusal(json.replace('\'', '"'));
        assertTrue(refusal.startsWith(message) && refusal.endsWith(place), refusal);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'boot-source': {'kernel_image_path': '~'}} | kernel image | boot-source.kernel_image_path",
        "{'boot-source': {'initrd_path': '~'}} | initrd | boot-source.initrd_path",
        "{'drives': [{'drive_id': 'a', 'path_on_host': '~'}]} | disk image | drives[0].path_on_host",
        "{'machine-config': {'mem_file_path': '~'}} | memory file | machine-config.mem_file_path",
        "{'serial': {'path': '~'}} | serial socket | serial.path",
        "{'console': {'path': '~'}} | console socket | console.path",
        "{'vsock': {'guest_cid': 3, 'uds_path': '~'}} | vsock socket | vsock.uds_path",
    })
    void whatCannotBeAPathIsRefusedUnderItsKey(String json, String name, String key) {
        String refusal = refusal(json.replace('\'', '"').replace("~", "a\\u0000b"));
        assertTrue(refusal.contains(name + " \"a\\u0000b\" cannot be a path here: Nul character not allowed (" + key + ")"), refusal);
    }

    @Test
    void severalProblemsAreReportedTogether() {
        ConfigException refused = assertThrows(ConfigException.class, () -> parse("""
                {"drives": [{"drive_id": "a\\u0007b", "path_on_host": ""}], "machine-config": {"vcpu_count": 0, "mem_size_mib": 0}}
                """).check());
        assertEquals(List.of("boot-source.kernel_image_path", "drives[0].drive_id", "drives[0].path_on_host",
                "machine-config.vcpu_count", "machine-config.mem_size_mib"),
                refused.problems().stream().map(ConfigProblem::key).toList());
    }

    @Test
    void aMachineNeedsNeitherDriveNorInitrd() throws ConfigException {
        parse("{\"boot-source\": {\"kernel_image_path\": \"k\"}}").check();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a-b", "", "eth 0", "a.b/c", "\u00e9", "255"})
    void anIdOfADeviceIsAnyLineWithinABound(String id) throws ConfigException {
        String name = id.equals("255") ? "a".repeat(255) : id;
        parse("{'boot-source': {'kernel_image_path': 'k'}, 'drives': [{'drive_id': '%s', 'path_on_host': 'p'}], 'network-interfaces': [{'iface_id': '%s', 'host_dev_name': 't'}]}"
                .formatted(name, name).replace('\'', '"')).check();
    }

    @Test
    void anIdThatWouldBeMoreThanALineIsRefused() {
        String refusal = refusal("{'boot-source': {'kernel_image_path': 'k'}, 'network-interfaces': [{'iface_id': 'e\\n1', 'host_dev_name': 't'}]}"
                .replace('\'', '"'));
        assertTrue(refusal.contains("must be without control characters") && refusal.contains("(network-interfaces[0].iface_id)"), refusal);
    }

    @Test
    void anIdBeyondTheBoundIsRefusedInALineOfBoundedLength() {
        String refusal = refusal("{'boot-source': {'kernel_image_path': 'k'}, 'drives': [{'drive_id': '%s', 'path_on_host': 'p'}]}"
                .formatted("a".repeat(256)).replace('\'', '"'));
        assertTrue(refusal.contains("drive id \"" + "a".repeat(255) + "…\" of 256 characters is above the limit of 255 (drives[0].drive_id)"), refusal);
    }

    @Test
    void twoRootDevicesAndADriveIdUsedTwiceAreRefused() {
        String message = refusal("""
                {"boot-source": {"kernel_image_path": "k"}, "drives": [
                 {"drive_id": "a", "path_on_host": "1", "is_root_device": true},
                 {"drive_id": "a", "path_on_host": "2", "is_root_device": true}]}""");
        assertTrue(message.contains("used twice"), message);
        assertTrue(message.contains("2 drives are marked as root device"), message);
    }

    @ParameterizedTest
    @CsvSource({"128, 128", "512M, 512", "512m, 512", "512MiB, 512", "2G, 2048", "2gb, 2048", "1T, 1048576", "0, 0"})
    void memorySizesHaveSuffixes(String text, long mib) {
        assertEquals(mib, MemorySize.parseMib(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G", "-1", "1.5G", "10K", "12 34", "0x10", "99999999999999999999"})
    void whatIsNoMemorySizeIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> MemorySize.parseMib(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ErrOR", "InFO", "off", "TRACE", "debug", "Warn"})
    void logLevelsAreTakenInAnyCase(String level) throws ConfigException {
        Problems problems = new Problems();
        new LoggerConfig(null, level).check(problems);
        problems.throwIfAny();
    }

    @Test
    void anUnknownLogLevelIsRefused() {
        Problems problems = new Problems();
        new LoggerConfig(null, "loud").check(problems);
        assertTrue(assertThrows(ConfigException.class, problems::throwIfAny).getMessage().contains("\"loud\""));
    }

    private static String vsockRefusal(String vsock) {
        return refusal(MINIMAL.strip().replaceFirst("}$", ", \"vsock\": " + vsock + "}"));
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 42, 4294967294L})
    void aGuestsContextIdIsAnyButTheReservedOnes(long cid) throws ConfigException {
        VmConfig config = parse(MINIMAL.strip().replaceFirst("}$",
                ", \"vsock\": {\"guest_cid\": " + cid + ", \"uds_path\": \"v.sock\"}}"));
        config.check();
        assertEquals(cid, config.vsock().guestCid());
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 1, 2, 4294967295L, 4294967296L})
    void aReservedContextIdIsRefusedWithItsBounds(long cid) {
        assertEquals("guest CID " + cid + " is not within 3 to 4294967294 (vsock.guest_cid)",
                vsockRefusal("{\"guest_cid\": " + cid + ", \"uds_path\": \"v.sock\"}"));
    }

    @Test
    void aVsockNeedsAContextIdAndAPath() {
        String message = vsockRefusal("{\"uds_path\": \"\"}");
        assertTrue(message.contains("a guest CID is required (vsock.guest_cid)"), message);
        assertTrue(message.contains("the path of a socket to create is required (vsock.uds_path)"), message);
    }

    @Test
    void anOverlayIsForADriveThatIsWrittenTo() {
        Problems problems = new Problems();
        new DriveConfig("d", false, null, "x", true, null).withOverlay("memory").check("drives[0]", problems);
        new DriveConfig("d", false, null, "x", false, null).withOverlay("").check("drives[1]", problems);
        assertEquals(List.of("overlay \"memory\" is for a drive that is written to, and this one is read-only (drives[0].overlay)",
                "an overlay is a file's path, or \"memory\" (drives[1].overlay)"),
                assertThrows(ConfigException.class, problems::throwIfAny).problems().stream().map(Object::toString).toList());
    }
}
