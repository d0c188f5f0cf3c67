package io.vmm4j.core.config;

import static io.vmm4j.core.config.VmConfigTest.parse;
import static io.vmm4j.core.config.VmConfigTest.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.MachineConfig.HugePages;
import io.vmm4j.core.cpu.CpuTopology;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every key of Firecracker's configuration file: taken where its value asks for nothing, mapped where there is an
 * equivalent, and else refused as not supported.
 */
class FirecrackerKeysTest {

    private static VmConfig checked(String parts) throws ConfigException {
        VmConfig config = parse(json(parts));
        config.check();
        assertEquals(config, parse(VmConfigJson.write(config)), "what is written reads back");
        assertEquals(config, VmBuilder.fromConfig(config).toConfig(), "a builder loses nothing");
        return config;
    }

    private static String json(String parts) {
        return ("{'boot-source': {'kernel_image_path': 'k'}, 'drives': []" + (parts.isEmpty() ? "" : ", " + parts) + "}").replace('\'', '"');
    }

    private static VmConfig machine(String fields) throws ConfigException {
        return checked("'machine-config': {" + fields + "}");
    }

    private static String refused(String parts) {
        return refusal(json(parts));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "'machine-config': {'vcpu_count': 2, 'mem_size_mib': 256, 'smt': false, 'track_dirty_pages': false, 'huge_pages': 'None', 'cpu_template': 'None'}",
        "'machine-config': {'cpu_template': 'T2CL'}",
        "'machine-config': {'smt': null, 'track_dirty_pages': null, 'huge_pages': null, 'cpu_template': null}",
        "'machine-config': null",
        "'cpu-config': null",
        "'balloon': null",
        "'network-interfaces': []",
        "'network-interfaces': null",
        "'vsock': null",
        "'logger': null",
        "'metrics': null",
        "'mmds-config': null",
        "'entropy': null",
        "'pmem': []",
        "'pmem': null",
        "'memory-hotplug': null",
        "'entropy': {}",
        "'entropy': {'rate_limiter': null}",
        "'entropy': {'rate_limiter': {'bandwidth': null, 'ops': null}}",
        "'entropy': {'rate_limiter': {'bandwidth': {'size': 0, 'refill_time': 0, 'one_time_burst': null}}}",
        "'vsock': {'guest_cid': 3, 'uds_path': 'v.sock', 'vsock_id': null}",
        "'vsock': {'guest_cid': 3, 'uds_path': 'v.sock', 'vsock_id': 'vsock0'}",
        "'logger': {'log_path': 'l', 'level': 'Info', 'show_level': true, 'show_log_origin': true, 'module': 'api_server'}",
        "'logger': {'log_path': null, 'level': null, 'show_level': false, 'show_log_origin': false, 'module': null}",
        "'logger': {'level': 'WARNING'}",
        "'balloon': {'amount_mib': 0, 'deflate_on_oom': false, 'stats_polling_interval_s': 0, 'free_page_hinting': false, 'free_page_reporting': false}",
        "'network-interfaces': [{'iface_id': 'eth0', 'host_dev_name': 't', 'guest_mac': null, 'mtu': null, 'rx_rate_limiter': null, 'tx_rate_limiter': null}]",
        "'cpu-config': {'kvm_capabilities': [], 'cpuid_modifiers': [], 'msr_modifiers': []}",
        "'serial': {'serial_out_path': null, 'rate_limiter': null}",
        "'serial': {'rate_limiter': {'size': 0, 'refill_time': 100}}",
    })
    void whatAsksForNothingIsTaken(String parts) throws ConfigException {
        checked(parts);
    }

    @Test
    void aDriveOfFirecrackersIsTakenWithAllItsKeys() throws ConfigException {
        VmConfig config = parse("""
                {"boot-source": {"kernel_image_path": "k", "initrd_path": null, "boot_args": null},
                 "drives": [{"drive_id": "größe_1", "partuuid": null, "is_root_device": true, "cache_type": "Unsafe", "is_read_only": false,
                             "path_on_host": "d", "rate_limiter": null, "io_engine": "Sync", "socket": null}]}""");
        config.check();
        assertEquals("größe_1", config.drives().get(0).driveId());
    }

    /** Recorded from Firecracker 1.16.1, but for the kernel that nobody had named when it was asked. */
    @ParameterizedTest
    @ValueSource(strings = {
        "{'balloon':null,'drives':[],'boot-source':{'kernel_image_path':'k','initrd_path':null,'boot_args':null},'cpu-config':null,'logger':null,"
            + "'machine-config':{'vcpu_count':1,'mem_size_mib':128,'smt':false,'track_dirty_pages':false,'huge_pages':'None'},'metrics':null,"
            + "'mmds-config':null,'network-interfaces':[],'vsock':null,'entropy':null,'pmem':[],'memory-hotplug':null}",
        "{'balloon':null,'drives':[{'drive_id':'rootfs','partuuid':null,'is_root_device':true,'cache_type':'Unsafe','is_read_only':false,"
            + "'path_on_host':'root.img','rate_limiter':null,'io_engine':'Sync','socket':null},{'drive_id':'a','partuuid':'0eaa91a0-01',"
            + "'is_root_device':false,'cache_type':'Unsafe','is_read_only':false,'path_on_host':'two.img','rate_limiter':null,'io_engine':'Sync',"
            + "'socket':null}],'boot-source':{'kernel_image_path':'k','initrd_path':null,'boot_args':null},'cpu-config':null,'logger':null,"
            + "'machine-config':{'vcpu_count':1,'mem_size_mib':128,'smt':false,'track_dirty_pages':false,'huge_pages':'None'},'metrics':null,"
            + "'mmds-config':null,'network-interfaces':[],'vsock':{'guest_cid':3,'uds_path':'v.sock'},'entropy':null,'pmem':[],"
            + "'memory-hotplug':null}"
    })
    void whatFirecrackerSaysOfItsOwnConfigurationIsOne(String answer) throws ConfigException {
        VmConfig config = parse(answer.replace('\'', '"'));
        config.check();
        assertEquals(config, parse(VmConfigJson.write(config)));
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "2, 2, 1", "8, 2, 4", "32, 2, 16"})
    void smtIsTwoThreadsACoreOfOneSocket(int vcpus, int threads, int cores) throws ConfigException {
        VmConfig config = machine("'vcpu_count': " + vcpus + ", 'smt': true");
        assertEquals(new CpuTopology(threads, cores, 1, 1), config.machineConfig().topology());
        assertEquals(new CpuTopology(threads, cores, 1, 1), MachineConfig.of(vcpus, 128).withSmt(true).topology());
        assertEquals(new CpuTopology(1, vcpus, 1, 1), MachineConfig.of(vcpus, 128).withSmt(true).withSmt(false).topology());
    }

    @Test
    void smtGoesWithTheRestOfATopologyAndFollowsTheNumberOfVcpus() throws ConfigException {
        assertEquals(new CpuTopology(2, 2, 1, 2), machine("'vcpu_count': 8, 'smt': true, 'cores_per_die': 2, 'sockets': 2").machineConfig().topology());
        assertEquals(new CpuTopology(2, 3, 1, 1), machine("'vcpu_count': 2, 'max_vcpu_count': 6, 'smt': true, 'threads_per_core': 2").machineConfig().topology());
        assertEquals(new CpuTopology(2, 5, 1, 1), MachineConfig.of(4, 128).withSmt(true).withVcpuCount(10).topology());
        assertEquals(new CpuTopology(2, 4, 1, 1), machine("'vcpu_count': 8, 'smt': false, 'threads_per_core': 2, 'cores_per_die': 4").machineConfig().topology());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'vcpu_count': 3, 'smt': true | smt true goes with 1 vCPU or an even number, and the vcpu count is 3 (machine-config.smt)",
        "'vcpu_count': 2, 'max_vcpu_count': 5, 'smt': true | smt true goes with 1 vCPU or an even number, and the max vcpu count is 5 (machine-config.smt)",
        "'vcpu_count': 4, 'smt': true, 'threads_per_core': 1 | smt true contradicts threads per core 1 (machine-config.smt)",
        "'mem_type': 'anon', 'huge_pages': '2M' | huge pages 2M do not go with memory type anon: give one of them (machine-config.huge_pages)",
        "'mem_type': 'shmem', 'huge_pages': 'Transparent' | huge pages Transparent do not go with memory type shmem: give one of them (machine-config.huge_pages)",
        "'mem_file_path': '/d', 'huge_pages': 'Transparent' | memory file \"/d\" does not go with memory type hugeanon, which has no file (machine-config.mem_file_path)",
    })
    void whatContradictsItselfIsRefused(String fields, String message) {
        assertEquals(message, refused("'machine-config': {" + fields + "}"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'huge_pages': 'None' | shmem",
        "'huge_pages': '2M' | hugetlbfs",
        "'huge_pages': 'Transparent' | hugeanon",
        "'huge_pages': 'None', 'mem_type': 'hugetlbfs' | hugetlbfs",
        "'huge_pages': '2M', 'mem_type': 'hugetlbfs' | hugetlbfs",
        "'huge_pages': 'Transparent', 'mem_type': 'hugeshmem' | hugeshmem",
    })
    void hugePagesAreAMemoryType(String fields, String type) throws ConfigException {
        assertEquals(type, machine(fields).machineConfig().memType());
    }

    @Test
    void hugePagesAreChosenInJavaToo() {
        MachineConfig huge = MachineConfig.of(1, 128).withHugePages(HugePages.TWO_MIB);
        assertEquals("hugetlbfs", huge.memType());
        assertEquals("hugetlbfs", huge.withMemSizeMib(512).memType());
        assertEquals("shmem", huge.withHugePages(HugePages.NONE).memType());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'metrics': {} | metrics is not supported (metrics)",
        "'memory-hotplug': {} | memory-hotplug is not supported (memory-hotplug)",
        "'metrics': {'metrics_path': '/m', 'emit_id': false, 'properties': {'k': 'v'}} | metrics to \"/m\" is not supported (metrics)",
        "'mmds-config': {'network_interfaces': ['eth0'], 'version': 'V2', 'ipv4_address': '169.254.169.254', 'imds_compat': false} | mmds-config for the interfaces [eth0] is not supported (mmds-config)",
        "'pmem': [{'id': 'p', 'path_on_host': '/p', 'root_device': true, 'read_only': true, 'rate_limiter': null}] | pmem \"p\" on \"/p\" is not supported: give it as a drive (pmem[0])",
        "'memory-hotplug': {'total_size_mib': 1024, 'block_size_mib': 2, 'slot_size_mib': 128} | memory-hotplug of 1024 MiB is not supported (memory-hotplug)",
        "'serial': {'rate_limiter': {'size': 10, 'refill_time': 100}} | rate_limiter of size 10 is not supported (serial.rate_limiter)",
    })
    void whatDoesNotExistHereIsRefusedByNameAndValueAsNotSupported(String parts, String message) throws ConfigException {
        assertEquals(message, refused(parts));
        VmConfig config = parse(json(parts));
        assertEquals(config, parse(VmConfigJson.write(config)), "it can be written all the same");
        ConfigException built = assertThrows(ConfigException.class, () -> VmBuilder.fromConfig(config).check());
        assertTrue(built.getMessage().contains(message), built.getMessage());
    }

    @Test
    void aStructuralMistakeHidesNoneOfTheOthers() {
        ConfigException refused = assertThrows(ConfigException.class, () -> VmConfigJson.parse(
                "{\"boot-source\": {\"kernel_image_path\": 5}, \"drives\": [{\"is_read_only\": 1, \"nonsense\": 2}], \"machine-config\": {\"vcpu_count\": \"x\"}}", "c.json"));
        assertEquals(List.of("boot-source.kernel_image_path", "drives[0].is_read_only", "drives[0].nonsense", "machine-config.vcpu_count"),
                refused.problems().stream().map(problem -> problem.key()).toList());
    }

    @Test
    void anEmptyTextIsSaidToBeEmpty() {
        ConfigException refused = assertThrows(ConfigException.class, () -> VmConfigJson.parse(" \n", "c.json"));
        assertEquals("the text is empty, where JSON is expected (c.json)", refused.getMessage());
    }

    @Test
    void accountOfWrittenPagesIsWithoutEffectBeforeThereAreSnapshots() throws ConfigException {
        assertTrue(checked("'machine-config': {'track_dirty_pages': true}").machineConfig().trackDirtyPages());
    }

    @Test
    void aVhostUserDriveHasNothingOfAnImages() throws ConfigException {
        assertEquals("/s", drive("\"path_on_host\": null, \"socket\": \"/s\"").drives().get(0).socket());
        String rest = " goes with an image and not with socket \"/s\": the vhost-user back end there has the disk (drives[0].";
        assertEquals("path_on_host" + rest + "path_on_host)", assertThrows(ConfigException.class,
                () -> drive("\"path_on_host\": \"d\", \"socket\": \"/s\"").check()).getMessage());
        assertEquals("io_engine" + rest + "io_engine)", assertThrows(ConfigException.class,
                () -> drive("\"io_engine\": \"Async\", \"socket\": \"/s\"").check()).getMessage());
    }

    private static VmConfig drive(String rest) throws ConfigException {
        VmConfig config = VmConfigJson.parse("{\"boot-source\": {\"kernel_image_path\": \"k\"}, \"drives\": [{\"drive_id\": \"d\", "
                + "\"is_root_device\": true, " + rest + "}]}", "c.json");
        config.check();
        return config;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'machine-config': {'huge_pages': '1G'} | \"1G\" is not one of None, Transparent, 2M at | (machine-config.huge_pages)",
        "'machine-config': {'cpu_template': 'V1N1'} | \"V1N1\" is not one of None, C3, T2, T2S, T2CL, T2A at | (machine-config.cpu_template)",
        "'machine-config': {'smt': 'yes'} | the value is not true or false at | (machine-config.smt)",
        "'machine-config': {'ht_enabled': false} | unknown key \"ht_enabled\", known are | (machine-config.ht_enabled)",
        "'mmds': null | unknown key \"mmds\", known are | (mmds)",
        "'metrics': {'path': 'm'} | unknown key \"path\", known are emit_id, metrics_path, properties at | (metrics.path)",
        "'pmem': [{'drive_id': 'p'}] | unknown key \"drive_id\", known are id, path_on_host, rate_limiter, read_only, root_device at | (pmem[0].drive_id)",
        "'logger': {'show_level': 'yes'} | the value is not true or false at | (logger.show_level)",
        "'logger': {'level': 'loud'} | log level \"loud\" is not one of Off, Error, | (logger.level)",
        "'serial': 'stdio' | the value is not an object at | (serial)",
        "'serial': {'path': 'stdio', 'serial_out_path': '/f'} | output goes to the file \"/f\" or to the path \"stdio\": give one of them | (serial.serial_out_path)",
    })
    void whatIsNoKeyOrNoValueOfFirecrackersIsRefusedAsBefore(String parts, String message, String key) {
        String refusal = refused(parts);
        assertTrue(refusal.contains(message) && refusal.endsWith(key), refusal);
    }
}
