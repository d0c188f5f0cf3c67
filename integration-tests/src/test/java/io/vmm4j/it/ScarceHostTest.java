package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Machines built by a process that has ever more descriptors, or threads, left: each is built, or is refused as the host's
 * doing with what is lacking, and nothing stays behind.
 */
@Tag("kvm")
@Timeout(300)
class ScarceHostTest {

    @TempDir
    Path directory;

    private final List<String> configs = new ArrayList<>();

    @BeforeEach
    void configure() throws IOException {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        config("plain", "none", "", "");
        config("memory-file", "none", ", \"mem_type\": \"shmem\", \"mem_file_path\": \"" + directory + "\"", "");
        config("disks", "none", "", ", \"drives\": [" + drive("a", "Sync", 1) + "," + drive("b", "Async", 2) + "]");
        config("sockets", directory.resolve("s.sock").toString(), "", ", \"vsock\": {\"guest_cid\": 3, \"uds_path\": \"" + directory.resolve("v.sock")
                + "\"}, \"console\": {\"path\": \"" + directory.resolve("c.sock") + "\"}");
        config("devices", "none", "", ", \"entropy\": {}, \"balloon\": {\"amount_mib\": 0, \"deflate_on_oom\": false, \"stats_polling_interval_s\": 1}");
    }

    private String drive(String id, String engine, int queues) throws IOException {
        Path image = Files.write(directory.resolve(id + ".img"), new byte[4096]);
        return "{\"drive_id\": \"" + id + "\", \"is_root_device\": false, \"path_on_host\": \"" + image + "\", \"io_engine\": \"" + engine
                + "\", \"num_queues\": " + queues + "}";
    }

    private void config(String name, String serial, String memory, String more) throws IOException {
        Path kernel = new TinyKernel().reset().writeTo(directory.resolve("kernel"));
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        String text = "{\"boot-source\": {\"kernel_image_path\": \"" + kernel + "\", \"initrd_path\": \"" + initrd + "\"}, \"machine-config\": "
                + "{\"vcpu_count\": 2, \"mem_size_mib\": 16" + memory + "}, \"serial\": {\"path\": \"" + serial + "\"}" + more + "}";
        configs.add(Files.writeString(directory.resolve(name), text).toString());
    }

    private List<String> run(List<String> before, String what, List<String> files) throws Exception {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-XX:-UseDynamicNumberOfCompilerThreads", "-Xmx256m", "-cp", System.getProperty("java.class.path"), ScarceHost.class.getName(), what));
        command.addAll(files);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
        lines.forEach(System.out::println);
        assertEquals(List.of(), lines.stream().filter(line -> line.contains("WRONG")).toList());
        return lines;
    }

    @Test
    void withTooFewDescriptorsAMachineIsRefusedByThatAndLeavesNothing() throws Exception {
        List<String> lines = run(List.of("prlimit", "--nofile=160"), "files", configs);
        String first = lines.stream().filter(line -> line.startsWith("plain with 0 left")).findFirst().orElseThrow();
        assertTrue(first.contains("160 (RLIMIT_NOFILE)") && first.contains("ulimit -n"), first);
    }

    @Test
    void aFirstMachineThatMeetsTheShortageSpoilsNoLaterOne() throws Exception {
        for (int left : new int[] {0, 1, 3, 8}) {
            run(List.of("prlimit", "--nofile=160"), "first", List.of(String.valueOf(left), configs.get(0)));
        }
    }

    @Test
    void withTooFewThreadsAMachineIsRefusedByThatAndLeavesNothing() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root") && Files.exists(Path.of("/usr/bin/setpriv")), "taking another user's place takes root");
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.setAttribute(file, "unix:uid", 65534);
            }
        }
        Files.setAttribute(directory, "unix:uid", 65534);
        // Root has no limit; another user with a way to /dev/kvm has.
        run(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
                "prlimit", "--nproc=60"), "threads", configs);
    }
}
