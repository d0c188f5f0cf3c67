package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.config.TokenBucketConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VmConfigJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every option of the table, under all its names, reaches the configuration. */
class OptionTableTest {

    @ParameterizedTest
    @CsvSource({
        "KERNEL_PATH,      --kernel-path,      -k, --kernel-path=/k",
        "INITRD_PATH,      --initrd-path,      -i, --initrd-path=/i",
        "BOOT_ARGS,        --boot-args,        -b, --boot-args=quiet",
        "ROOTFS,           --rootfs,           -r, --rootfs=/r",
        "ROOTFS_SIZE,      --rootfs-size,        , --rootfs-size=2G",
        "ROOTFS_FORMAT,    --rootfs-format,      , --rootfs-format=raw",
        "OVERLAY,          --overlay,            , --overlay=/o",
        "IS_ROOT,          --is-root,            , --is-root=false",
        "IS_READ_ONLY,     --is-read-only,       , --is-read-only=true",
        "VIRBLKS,          --virblks,            , --virblks=[]",
        "DISK,             --disk,               , --disk=/d",
        "VIRNETS,          --virnets,            , --virnets=[]",
        "NET,              --net,                , --net=user",
        "PUBLISH,          --publish,            , --publish=8080:80",
        "RNG,              --rng,                , --rng=true",
        "BALLOON,          --balloon,            , --balloon=64M",
        "BALLOON_DEFLATE_ON_OOM, --balloon-deflate-on-oom, , --balloon-deflate-on-oom=true",
        "FREE_PAGE_REPORTING, --free-page-reporting, , --free-page-reporting=true",
        "CONSOLE_PATH,     --console-path,       , --console-path=/c",
        "VCPU,             --vcpu,             -C, --vcpu=3",
        "MAX_VCPU,         --max-vcpu,           , --max-vcpu=4",
        "CPU_PM,           --cpu-pm,             , --cpu-pm=on",
        "VPMU_FEATURE,     --vpmu-feature,       , --vpmu-feature=1",
        "THREADS_PER_CORE, --threads-per-core,   , --threads-per-core=2",
        "CORES_PER_DIE,    --cores-per-die,      , --cores-per-die=2",
        "DIES_PER_SOCKET,  --dies-per-socket,    , --dies-per-socket=2",
        "SOCKETS,          --sockets,            , --sockets=2",
        "MEM_SIZE,         --mem-size,         -m, --mem-size=2G",
        "MEM_TYPE,         --mem-type,           , --mem-type=hugetlbfs",
        "MEM_FILE_PATH,    --mem-file-path,      , --mem-file-path=/f",
        "CPU_CONFIG,       --cpu-config,         , --cpu-config=/c",
        "MEM_PREFAULT,     --mem-prefault,       , --mem-prefault=true",
        "MEM_CORE_DUMP,    --mem-core-dump,      , --mem-core-dump=true",
        "SPARE_DEVICES,    --spare-devices,      , --spare-devices=2",
        "VSOCK,            --vsock,            -v, --vsock=/v",
        "GUEST_CID,        --guest-cid,          , --guest-cid=7",
        "SERIAL_PATH,      --serial-path,      -s, --serial-path=/s",
        "LOG_FILE,         --log-file,           , --log-file=/l",
        "LOG_LEVEL,        --log-level,          , --log-level=Debug",
    })
    void everySpellingOfAnOptionMeansTheSame(CliOption option, String longName, String flag, String attached) {
        String value = attached.substring(longName.length() + 1);
        List<String[]> spellings = new ArrayList<>(List.of(new String[] {attached}, new String[] {longName, value},
                new String[] {"create", longName, value}));
        if (flag != null) {
            spellings.add(new String[] {flag, value});
            spellings.add(new String[] {flag + value});
            spellings.add(new String[] {flag + "=" + value});
        }
        for (String[] spelling : spellings) {
            Arguments parsed = ArgumentParser.parse(spelling);
            assertEquals(List.of(), parsed.problems(), String.join(" ", spelling));
            assertEquals(value, parsed.value(option), String.join(" ", spelling));
            assertEquals(longName, parsed.nameOf(option), "messages name the long form");
        }
        assertEquals(flag, option.shortName());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"API_SOCK_PATH", "VCPU_RESIZE", "CPU_CONFIG", "STOP_TIMEOUT", "NAME", "DETACH",
        "JSON", "PROMETHEUS", "TIMEOUT", "REMOVE_VIRNET", "REMOVE_VIRBLK", "PATCH_FS", "PUBLISH", "DIFF_OF", "REPLACE", "PAUSE", "STOP", "DRIVE",
        "WRITE_TO_IMAGE", "TAP", "KEEP_CLOCK", "COPY_MEMORY", "NO_TRACKING", "ONLY_NAMED", "PAUSED", "ROOTFS_SIZE"})
    void everyOptionChangesTheConfiguration(CliOption option) {
        String value = switch (option.value()) {
            case PATH, TEXT, NAME, ID -> "/other";
            case NUMBER, SECONDS -> "2";
            case SIZE -> "512M";
            case BOOLEAN, FLAG -> option == CliOption.IS_ROOT ? "false" : "true";
            case CPU_PM, LEVEL -> "2";
            case MEM_TYPE -> "hugetlbfs";
            case JSON -> option == CliOption.FS ? "{\"tag\": \"a\", \"path_on_host\": \"b\"}" : option == CliOption.VIRBLKS ? "[{\"drive_id\": \"a\", \"path_on_host\": \"b\"}]"
                    : "[{\"backend\": {\"type\": \"virtio\", \"iface_id\": \"a\", \"host_dev_name\": \"b\"}}]";
            case LOG_LEVEL -> "Trace";
            case IMAGE_FORMAT -> "raw";
            case NET -> "user";
            case PORT -> "8080:80";
            case DRIVE, TAP -> "a=b";
        };
        String[] plain = {"-k", "k", "-r", "r"};
        List<String> changed = new ArrayList<>(List.of(option.longName(), value));
        changed.addAll(option == CliOption.KERNEL_PATH ? List.of("-r", "r")
                : option == CliOption.ROOTFS ? List.of("-k", "k") : List.of(plain));
        String before = VmConfigJson.write(configOf(plain));
        String after = VmConfigJson.write(configOf(changed.toArray(String[]::new)));
        assertTrue(!before.equals(after), () -> option.longName() + " has no effect on " + before);
    }

    @Test
    void aFileWithChangesToCpusIsRead(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("cpu.json"), "{\"kvm_capabilities\": [\"121\"]}");
        assertEquals(List.of(121), configOf("--cpu-config", file.toString()).cpuConfig().neededCapabilities());
        Files.writeString(file, "{\"capabilities\": []}");
        List<String> problems = new OptionMapper(ArgumentParser.parse("--cpu-config", file.toString())).problems();
        assertTrue(problems.size() == 1 && problems.get(0).contains("unknown key \"capabilities\""), problems::toString);
    }

    @Test
    void theDefaultsAreThoseOfTheReport() {
        VmConfig config = configOf("--kernel-path", "vmlinux", "--rootfs", "rootfs.img");
        assertEquals("vmlinux", config.bootSource().kernelImagePath());
        assertEquals(null, config.bootSource().initrdPath());
        assertEquals(null, config.bootSource().bootArgs(), "the core completes arguments nobody gave");
        assertEquals("rootfs.img", config.drives().get(0).pathOnHost());
        assertEquals(true, config.drives().get(0).isRootDevice());
        assertEquals(false, config.drives().get(0).isReadOnly());
        assertEquals("dbs-cli.log", config.logger().logPath());
        assertEquals("Info", config.logger().level());
        assertEquals(1, config.machineConfig().vcpuCount());
        assertEquals(1, config.machineConfig().maxVcpuCount());
        assertEquals(false, config.machineConfig().cpuPm());
        assertEquals(0, config.machineConfig().vpmuLevel());
        assertEquals(1, config.machineConfig().threadsPerCore());
        assertEquals(1, config.machineConfig().coresPerDie());
        assertEquals(1, config.machineConfig().diesPerSocket());
        assertEquals(1, config.machineConfig().sockets());
        assertEquals("shmem", config.machineConfig().memType());
        assertEquals("", config.machineConfig().memFilePath());
        assertEquals(false, config.machineConfig().memPrefault());
        assertEquals(false, config.machineConfig().memCoreDump());
        assertEquals(128L, config.machineConfig().memSizeMib());
        assertEquals("stdio", config.serial().path());
    }

    @Test
    void deviceListsAreWrittenAsDbsCliHasThem() {
        VmConfig config = configOf("-r", "root.img", "--virblks", """
                [{"drive_id": "data", "device_type": "RawBlock", "path_on_host": "/d", "is_root_device": false, "part_uuid": null,
                  "is_read_only": true, "is_direct": true, "no_drop": false, "num_queues": 2, "queue_size": 1024,
                  "format": "raw", "rate_limiter": {"bandwidth": {"size": 1, "one_time_burst": 2, "refill_time": 3},
                                   "ops": {"size": 4, "one_time_burst": 0, "refill_time": 5}},
                  "use_shared_irq": true, "use_generic_irq": true}]""",
                "--virnets", """
                [{"num_queues": 4, "queue_size": 0, "guest_mac": "02:00:00:00:00:01", "backend": {"type": "virtio",
                  "iface_id": "eth0", "host_dev_name": "tap0", "allow_duplicate_mac": true,
                  "tx_rate_limiter": {"bandwidth": {"size": 0, "one_time_burst": 0, "refill_time": 0}}}}]""");
        assertEquals(List.of("rootfs", "data"), config.drives().stream().map(DriveConfig::driveId).toList());
        DriveConfig data = config.drives().get(1);
        assertEquals(new DriveConfig("data", false, null, "/d", true, null).withDirect(true).withQueues(2, 1024).withFormat(DriveConfig.Format.RAW)
                .withRateLimiter(new RateLimiterConfig(new TokenBucketConfig(1L, 2L, 3L), new TokenBucketConfig(4L, 0L, 5L))), data);
        assertEquals(List.of(new NetworkInterfaceConfig("eth0", "tap0", "02:00:00:00:00:01", null, null,
                new RateLimiterConfig(TokenBucketConfig.of(0, 0), null), 2, 256)), config.networkInterfaces());
    }

    @Test
    void emptyDeviceListsAreNoneAsWithDbsCli() {
        assertEquals(configOf(), configOf("--virblks", "", "--virnets", ""));
    }

    @Test
    void furtherDevicesAreThereOnlyWhenAskedFor() {
        VmConfig plain = configOf();
        assertEquals(List.of(), plain.networkInterfaces());
        assertTrue(plain.entropy() == null && plain.balloon() == null && plain.console() == null);
        VmConfig asked = configOf("--rng", "--balloon", "1G", "--console-path", "stdio");
        assertTrue(asked.entropy() != null);
        assertEquals(1024, asked.balloon().amountMib());
        assertTrue(asked.serial().isNone(), "standard input and output are the console's");
        assertEquals("/s", configOf("--console-path", "stdio", "-s", "/s").serial().path());
        assertEquals(0, configOf("--free-page-reporting").balloon().amountMib());
    }

    @Test
    void aVsockHasTheContextIdOfDbsCliUnlessOneIsGiven() {
        assertEquals(42, configOf("-v", "/run/v").vsock().guestCid());
        assertEquals("/run/v", configOf("--vsock", "/run/v", "--guest-cid", "4294967294").vsock().udsPath());
        assertEquals(4294967294L, configOf("--vsock", "/run/v", "--guest-cid", "4294967294").vsock().guestCid());
        assertEquals(null, configOf().vsock());
    }

    @Test
    void maxVcpuFollowsVcpu() {
        assertEquals(4, configOf("--vcpu", "4").machineConfig().maxVcpuCount());
    }

    @ParameterizedTest
    @CsvSource({"512,512", "512M,512", "2G,2048", "2g,2048", "1GiB,1024"})
    void memorySizesTakeUnits(String text, long mebibytes) {
        assertEquals(mebibytes, configOf("-m", text).machineConfig().memSizeMib());
    }

    @ParameterizedTest
    @CsvSource({"0,0,false", "1,1,false", "2,2,false", "on,0,true", "OFF,0,false"})
    void cpuPmTakesBothSpellings(String text, int level, boolean isOn) {
        VmConfig config = configOf("--cpu-pm", text);
        assertEquals(level, config.machineConfig().vpmuLevel());
        assertEquals(isOn, config.machineConfig().cpuPm());
    }

    @Test
    void cpuPmAndVpmuFeatureMayAgree() {
        assertEquals(2, configOf("--cpu-pm", "2", "--vpmu-feature", "2").machineConfig().vpmuLevel());
        assertEquals(true, configOf("--cpu-pm", "on", "--vpmu-feature", "1").machineConfig().cpuPm());
    }

    @Test
    void theSocketOfAMachineMayBeNamedInFrontOfTheCommandOrBehind() {
        for (String[] words : new String[][] {{"--api-sock-path", "/s", "update", "--vcpu-resize", "3"},
                {"update", "--vcpu-resize=3", "--api-sock-path=/s"}}) {
            Arguments parsed = ArgumentParser.parse(words);
            assertEquals(Command.UPDATE, parsed.command());
            assertEquals(List.of(), parsed.problems());
            assertEquals("/s", parsed.value(CliOption.API_SOCK_PATH));
            assertEquals("3", parsed.value(CliOption.VCPU_RESIZE));
        }
        assertEquals("/s", ArgumentParser.parse("--api-sock-path", "/s", "create", "-k", "k").value(CliOption.API_SOCK_PATH));
        assertEquals("/s", ArgumentParser.parse("--api-sock-path", "/s", "run", "vm.json").value(CliOption.API_SOCK_PATH));
    }

    @Test
    void anUpdateMayBeWrittenAsDbsCliTakesItToo() {
        for (String line : List.of("--api-sock-path /s --vcpu-resize 3 update", "--vcpu-resize=3 --api-sock-path=/s update",
                "--vcpu-resize 3 update --api-sock-path /s")) {
            Arguments parsed = ArgumentParser.parse(line.split(" "));
            assertEquals(Command.UPDATE, parsed.command(), line);
            assertEquals(List.of(), parsed.problems(), line);
            assertEquals("/s", parsed.value(CliOption.API_SOCK_PATH), line);
            assertEquals("3", parsed.value(CliOption.VCPU_RESIZE), line);
        }
    }

    @Test
    void everyOptionMayStandInFrontOfTheCommand() {
        for (CliOption option : CliOption.values()) {
            Command command = option.goesWith(Command.CREATE) ? Command.CREATE
                    : Stream.of(Command.values()).filter(option::goesWith).findFirst().orElseThrow();
            List<String> words = new ArrayList<>(option.isFlag() ? List.of(option.longName() + "=false") : List.of(option.longName(), "false"));
            words.add(command.word());
            words.addAll(command == Command.SNAPSHOT || command == Command.RESTORE ? List.of("a-directory") : List.of());
            words.addAll(command.isForRunning() ? List.of("a-machine") : List.of());
            Arguments parsed = ArgumentParser.parse(words.toArray(String[]::new));
            assertEquals(command, parsed.command(), option.longName());
            assertEquals(List.of(), parsed.problems(), option.longName());
            assertEquals("false", parsed.value(option), option.longName());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"create", "run", "update", "doctor", "help", "--", "-", "-1", "", "-k.elf", "--rootfs", "--rootfs=x", "-h", "--help", "-V",
        "a=b", "=", "'quoted'", "\"quoted\"", "@file", "${HOME}", "x y"})
    void whatStandsBehindAnEqualsSignIsTheValue(String value) {
        for (String name : List.of("--kernel-path=", "-k=")) {
            Arguments parsed = ArgumentParser.parse(name + value, "--vcpu", "2");
            assertEquals(Command.BOOT, parsed.command());
            assertEquals(List.of(), parsed.problems(), name + value);
            assertEquals(value, parsed.value(CliOption.KERNEL_PATH), name + value);
            assertEquals("2", parsed.value(CliOption.VCPU), name + value);
            assertTrue(!parsed.isHelp() && !parsed.isVersion());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"create", "run", "update", "doctor", "help", "ps", "stop", "console", "--", "-", "-1", "", "a=b", "=", "x y"})
    void aWordBehindAnOptionIsItsValueAndNoCommand(String value) {
        for (String name : List.of("--kernel-path", "-k")) {
            for (String command : List.of("create", "")) {
                List<String> words = new ArrayList<>(List.of(name, value, "--vcpu", "2"));
                words.addAll(command.isEmpty() ? List.of() : List.of(command));
                Arguments parsed = ArgumentParser.parse(words.toArray(String[]::new));
                assertEquals(command.isEmpty() ? Command.BOOT : Command.CREATE, parsed.command(), words::toString);
                assertEquals(List.of(), parsed.problems(), words::toString);
                assertEquals(value, parsed.value(CliOption.KERNEL_PATH), words::toString);
                assertEquals("2", parsed.value(CliOption.VCPU), words::toString);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vmlinux", "doctor", "=x", "x=y", "-odd", "4"})
    void aShortOptionMayHaveItsValueGluedToIt(String value) {
        Arguments parsed = ArgumentParser.parse("-k" + value, "-C4");
        String expected = value.startsWith("=") ? value.substring(1) : value;
        assertEquals(List.of(), parsed.problems());
        assertEquals(expected, parsed.value(CliOption.KERNEL_PATH));
        assertEquals("4", parsed.value(CliOption.VCPU));
    }

    @Test
    void aTruthValueLeftOutDoesNotTakeTheCommandForOne() {
        Arguments parsed = ArgumentParser.parse("--rng", "create", "--is-read-only");
        assertEquals(Command.CREATE, parsed.command());
        assertEquals("true", parsed.value(CliOption.RNG));
        assertEquals("true", parsed.value(CliOption.IS_READ_ONLY));
        assertEquals(List.of(), parsed.problems());
        assertEquals("false", ArgumentParser.parse("--rng", "false", "create").value(CliOption.RNG));
        assertEquals("", ArgumentParser.parse("--rng=", "create").value(CliOption.RNG), "which is neither true nor false");
        assertEquals("flase", ArgumentParser.parse("--rng", "flase", "create").value(CliOption.RNG));
    }

    @Test
    void networkDevicesMayBeFlatAsInDbsClisReadme() {
        VmConfig config = configOf("--virnets", """
                [{"iface_id":"eth0","host_dev_name":"tap0","num_queues":2, "queue_size":0,"guest_mac":"42:2D:9C:13:71:48","allow_duplicate_mac":true,
                  "tx_rate_limiter": {"bandwidth": {"size": 0, "one_time_burst": 0, "refill_time": 0}}}]""");
        assertEquals(List.of(new NetworkInterfaceConfig("eth0", "tap0", "42:2D:9C:13:71:48", null, null,
                new RateLimiterConfig(TokenBucketConfig.of(0, 0), null), 1, 256)), config.networkInterfaces());
    }

    @Test
    void networksInShortComeInTheirOrderBehindThoseInJson() {
        VmConfig config = configOf("--net", "user", "--virnets", "[{\"iface_id\":\"eth0\",\"user\":true,\"publish\":[\"1:2\"]}]", "--net=stream:/s:x",
                "create", "--net", "tap7", "--publish", "8080:80", "--net", "tap", "--publish=[::1]:53:53/udp");
        assertEquals(List.of(NetworkInterfaceConfig.user("eth0", "1:2"), NetworkInterfaceConfig.user("net0", "8080:80", "[::1]:53:53/udp"),
                NetworkInterfaceConfig.stream("net1", "/s:x"), NetworkInterfaceConfig.of("net2", "tap7", null), NetworkInterfaceConfig.madeTap("net3")),
                config.networkInterfaces());
    }

    @Test
    void memFileIsTheOtherNameOfMemFilePath() {
        Arguments parsed = ArgumentParser.parse("--mem-file", "/hugepages");
        assertEquals("/hugepages", parsed.value(CliOption.MEM_FILE_PATH));
        assertEquals("--mem-file", parsed.nameOf(CliOption.MEM_FILE_PATH));
    }

    @ParameterizedTest
    @CsvSource({"--is-root,true", "--is-root=TRUE,true", "--is-root=False,false"})
    void truthValuesMayBeLeftOutOrShouted(String word, boolean expected) {
        assertEquals(expected, configOf("-r", "disk", word).drives().get(0).isRootDevice());
    }

    @Test
    void aTruthValueMayBeFollowedByAnotherOption() {
        Arguments parsed = ArgumentParser.parse("--is-read-only", "--vcpu", "2");
        assertEquals("true", parsed.value(CliOption.IS_READ_ONLY));
        assertEquals("2", parsed.value(CliOption.VCPU));
    }

    @Test
    void negativeNumbersAreValues() {
        assertEquals("-1", ArgumentParser.parse("--vcpu", "-1").value(CliOption.VCPU));
    }

    @Test
    void theFirstWordThatIsACommandIsTheCommand() {
        assertEquals(Command.BOOT, ArgumentParser.parse("-k", "create").command(), "a value is no command");
        assertEquals(Command.CREATE, ArgumentParser.parse("create", "-k", "x").command());
        assertEquals(Command.CREATE, ArgumentParser.parse("--vcpu", "2", "create").command());
        assertEquals(List.of("machine.json"), ArgumentParser.parse("run", "machine.json").operands());
        assertEquals(List.of("create"), ArgumentParser.parse("run", "create").operands(), "a file may be named so");
        assertEquals(List.of("-odd"), ArgumentParser.parse("run", "--", "-odd").operands());
    }

    private static VmConfig configOf(String... words) {
        OptionMapper mapper = new OptionMapper(ArgumentParser.parse(words));
        assertEquals(List.of(), mapper.problems());
        return mapper.config();
    }
}
