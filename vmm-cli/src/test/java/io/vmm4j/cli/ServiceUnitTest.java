package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The unit that systemd is given. */
class ServiceUnitTest {

    private static final Path UNIT = Path.of("src/main/dist/share/systemd/vmm@.service");
    private static final String HOME = "/opt/vmm";

    @TempDir
    private Path directory;

    private String unit() throws IOException {
        return Files.readString(UNIT);
    }

    /** The words that the unit runs for a key, as it is installed in {@link #HOME}. */
    private String[] command(String key) throws IOException {
        Matcher line = Pattern.compile("^" + key + "=-?" + HOME + "/bin/vmm (.*)$", Pattern.MULTILINE).matcher(unit());
        assertTrue(line.find(), key);
        return line.group(1).replace("%i", "web").split(" ");
    }

    @Test
    void systemdFindsNothingWrongWithIt() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/systemd-analyze")), "there is no systemd-analyze here");
        Path program = directory.resolve("bin/vmm");
        Files.createDirectories(program.getParent());
        assertTrue(Files.createFile(program).toFile().setExecutable(true));
        Path unit = Files.writeString(directory.resolve("vmm@.service"), unit().replace(HOME + "/", directory + "/"));
        Process verify = new ProcessBuilder("systemd-analyze", "verify", unit.resolveSibling("vmm@web.service").toString()).redirectErrorStream(true).start();
        String said = new String(verify.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, verify.waitFor(), said);
        assertTrue(!said.contains("vmm@"), said);
    }

    @Test
    void itsCommandsAreOnesOfTheProgram() throws Exception {
        Arguments start = ArgumentParser.parse(command("ExecStart"));
        assertEquals(List.of(), start.problems());
        assertEquals(Command.RUN, start.command());
        assertEquals("web", start.value(CliOption.NAME));
        Arguments stop = ArgumentParser.parse(command("ExecStop"));
        assertEquals(List.of(), stop.problems());
        assertEquals(Command.STOP, stop.command());
        assertEquals(List.of("web"), stop.operands());
    }

    @Test
    void soAreThoseOfThePageOnManyMachines() throws Exception {
        Matcher line = Pattern.compile("^ *args(?: *=|:) *(\\[.*])$", Pattern.MULTILINE).matcher(Files.readString(Path.of("../docs/scale-out.md")));
        int found = 0;
        while (line.find()) {
            Arguments start = ArgumentParser.parse(new ObjectMapper().readValue(line.group(1), String[].class));
            assertEquals(List.of(), start.problems(), line.group());
            assertEquals(Command.RUN, start.command(), line.group());
            found++;
        }
        assertEquals(2, found, "Nomad's and Kubernetes'");
    }

    @Test
    void whatWillBeTheSameTheNextTimeIsNotTriedAgain() throws Exception {
        assertTrue(unit().contains("\nRestartPreventExitStatus=" + ExitCode.USAGE.code() + " " + ExitCode.KVM_UNAVAILABLE.code() + " 6\n"));
    }
}
