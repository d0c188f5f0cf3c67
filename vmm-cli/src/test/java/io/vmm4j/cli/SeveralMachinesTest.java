package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.control.ControlServer;
import io.vmm4j.core.control.ControlTarget;
import io.vmm4j.core.control.MachineInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands for several machines, by their names and the program's own process. */
@Timeout(120)
class SeveralMachinesTest {

    private static final String INFO = "pid: 7\nstate: running\nvcpu_count: 1\nmax_vcpu_count: 1\nmem_size_mib: 32\nuptime_ms: 5\nconsole_has_window: false\n";

    @TempDir
    private Path directory;

    private final List<ControlServer> servers = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        Files.createDirectory(directory.resolve("vmm4j"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (String name : List.of("a", "c")) {
            servers.add(ControlServer.open(directory.resolve("vmm4j/" + name + ".sock"), new ControlTarget() {
                @Override
                public CompletableFuture<Void> resizeVcpus(int count) {
                    return CompletableFuture.completedFuture(null);
                }

                @Override
                public MachineInfo info() {
                    return new MachineInfo(name, 7, "running", 1, 1, 32, 5, null, null, false, null);
                }

                @Override
                public String stats() {
                    return "{\"serial\":{\"out_bytes\":1}}";
                }
            }));
        }
    }

    @AfterEach
    void close() {
        servers.forEach(ControlServer::close);
    }

    private String run(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(directory.resolve("out").toFile()).redirectError(directory.resolve("err").toFile());
        builder.environment().put("XDG_RUNTIME_DIR", directory.toString());
        int status = builder.start().waitFor();
        return status + "|" + Files.readString(directory.resolve("out")) + "|" + Files.readString(directory.resolve("err"));
    }

    @Test
    void numbersSayWhoseTheyAre() throws Exception {
        assertEquals("0|name: a\nserial.out_bytes: 1\n\nname: c\nserial.out_bytes: 1\n|", run("stats", "a", "c"));
        assertEquals("0|{\"name\":\"a\",\"serial\":{\"out_bytes\":1}}\n{\"name\":\"c\",\"serial\":{\"out_bytes\":1}}\n|", run("stats", "--json", "a", "c"));
    }

    @Test
    void aMachineThatIsNotThereIsALineForScriptsToo() throws Exception {
        String line = "there is no machine b in " + directory.resolve("vmm4j");
        assertEquals("1|{\"name\":\"b\",\"error\":\"" + line + "\"}\n{\"name\":\"c\",\"serial\":{\"out_bytes\":1}}\n|vmm: " + line + "\n",
                run("stats", "--json", "b", "c"));
    }

    @Test
    void anEmptyLineIsBetweenTwoAndOneThatIsNamedTwiceIsMeantOnce() throws Exception {
        assertEquals("0|name: a\n" + INFO + "\nname: c\n" + INFO + "|", run("info", "a", "c"));
        assertEquals("0|name: a\n" + INFO + "|", run("info", "a", "a"));
    }

    @Test
    void refusalsOfOneThatCannotPauseAreNamed() throws Exception {
        String printed = run("pause", "a", "c");
        assertTrue(printed.startsWith("1||vmm: a: ") && printed.contains("\nvmm: c: "), printed);
    }
}
