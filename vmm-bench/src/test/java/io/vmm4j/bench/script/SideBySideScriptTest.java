package io.vmm4j.bench.script;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What side-by-side and the parts of lib do without KVM. */
class SideBySideScriptTest {

    @TempDir
    private Path directory;

    private record Ended(int status, String out, String err) {
    }

    private Ended run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        int status = builder.start().waitFor();
        return new Ended(status, Files.readString(out), Files.readString(err));
    }

    /** Runs a line of bash that knows the functions of lib, in the test's own directory. */
    private String withLibrary(String line) throws IOException, InterruptedException {
        String library = Path.of("lib").toAbsolutePath().toString();
        Ended ended = run(Map.of(), "bash", "-euc", "for part in common peers disk measures; do . " + library + "/$part.sh; done; cd '" + directory
                + "'; " + line);
        assertEquals(0, ended.status(), ended.err());
        return ended.out().strip();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        --runs 0            | --runs is 0; it must be a number from 1 to 1000
        --runs 1001         | --runs is 1001; it must be a number from 1 to 1000
        --runs many         | --runs is many; it must be a number from 1 to 1000
        --runs              | --runs needs a value
        --only start,speed  | --only has speed, which is none of start, memory, exit, boot, idle, disk, net, vsock
        --peers qemu,bochs  | --peers has bochs, which is none of none, qemu, kvmtool, firecracker, cloud-hypervisor
        --out /dev/null     | --out /dev/null is no directory
        --fast              | --fast is none of --runs, --only, --peers, --out, --testbed, --help
        """)
    void wrongInputGetsOneLineAndStatus2(String arguments, String message) throws Exception {
        List<String> command = new ArrayList<>(List.of("./side-by-side"));
        command.addAll(List.of(arguments.split(" ")));
        assertEquals(new Ended(2, "", "side-by-side: " + message + "\n"), run(Map.of(), command.toArray(String[]::new)));
    }

    @Test
    void aPeerThatIsNamedAndNotThereIsWrongInput() throws Exception {
        assertEquals(new Ended(2, "", "side-by-side: FIRECRACKER is /no/such/program, which is no program\n"),
                run(Map.of("FIRECRACKER", "/no/such/program"), "./side-by-side", "--peers", "firecracker"));
    }

    @Test
    void helpNamesEveryOption() throws Exception {
        Ended help = run(Map.of(), "./side-by-side", "--help");
        assertEquals(0, help.status());
        for (String option : List.of("--runs", "--only", "--peers", "--out", "--testbed", "--help", "LKVM", "CLOUD_HYPERVISOR")) {
            assertTrue(help.out().contains(option), option + " in: " + help.out());
        }
    }

    @Test
    void theGuestsMemoryIsTakenOffWhereItsMappingsAreSplit() throws Exception {
        Files.writeString(directory.resolve("smaps"), String.join("\n",
                mapping("10000000-10200000", "rw-s", 100, 2048, 2048), // 128 MiB from here
                mapping("10200000-18000000", "rw-s", 100, 4096, 4096),
                mapping("18000000-18001000", "rw-p", 0, 4, 4),
                mapping("20000000-28000000", "r--p", 7, 1024, 512),
                mapping("7fffffff0000-800000000000", "rw-p", 0, 3068, 3068)) + "\n", StandardCharsets.US_ASCII);
        assertEquals("4.0 3.5", withLibrary("beyond_guest 128 <smaps"));
        assertEquals("10.0 9.5 the-guest-included", withLibrary("beyond_guest 64 <smaps"));
    }

    private static String mapping(String range, String rights, int inode, int rss, int pss) {
        return range + " " + rights + " 00000000 00:01 " + inode + " \nSize: 8 kB\nRss: " + rss + " kB\nPss: " + pss + " kB";
    }

    @Test
    void timesArePutIntoMicroseconds() throws Exception {
        assertEquals("62345000", withLibrary("micros 1m2.345s"));
        assertEquals("8000", withLibrary("micros 0m0.008s"));
    }

    @Test
    void theMedianIsThatOfTheColumn() throws Exception {
        assertEquals("20", withLibrary("printf '1 30\\n2 20\\n3 10\\n' >file; median 2 file"));
        assertEquals("1", withLibrary("least 1 file"));
    }

    @Test
    void theFirstByteIsTheGuestsAndNotTheMonitors() throws Exception {
        assertEquals("3", withLibrary("printf '#!/bin/sh\\necho Info\\nprintf x' >monitor; chmod +x monitor; once ./monitor | wc -w"));
    }

    @Test
    void whatATalkIsToldEndsTheProgram() throws Exception {
        assertEquals("one,two,", withLibrary("printf '#!/bin/sh\\necho one\\necho two\\nexec sleep 1000' >guest; chmod +x guest; line=;"
                + " hear() { printf '%s,' \"$1\"; [ \"$1\" != two ]; }; talk 10 hear ./guest"));
    }

    @Test
    void aMachineOfEachKindIsNamedByItsFile() throws Exception {
        assertEquals("{\"boot-source\":{\"kernel_image_path\":\"k\",\"initrd_path\":\"i\",\"boot_args\":\"a b\"},\"drives\":[{\"drive_id\":\"data\","
                + "\"is_root_device\":false,\"is_read_only\":false,\"path_on_host\":\"d\"}],\"network-interfaces\":[{\"iface_id\":\"eth0\","
                + "\"guest_mac\":\"02:00:00:00:00:01\",\"host_dev_name\":\"t\"}],\"vsock\":{\"guest_cid\":3,\"uds_path\":\"v\"},"
                + "\"logger\":{\"log_path\":\"./machine.log\",\"level\":\"Info\"},\"machine-config\":{\"vcpu_count\":1,\"mem_size_mib\":256}}",
                withLibrary("kernel=k initrd=i line='a b' disk=d tap=t vsock=v memory=256 work=.; machine_file f; cat f"));
    }
}
