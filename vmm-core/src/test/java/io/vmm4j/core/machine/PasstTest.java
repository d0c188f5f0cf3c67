package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.host.Passt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The real passt, in a network namespace made for the test; see {@link PasstScenarios}. Skipped where there is no passt, or no
 * namespace can be made.
 */
@Timeout(120)
class PasstTest {

    @BeforeAll
    static void needsPasstAndANamespace() throws Exception {
        assumeTrue(Passt.find().isPresent(), "passt is not installed (apt install passt)");
        String said = run("probe");
        assumeTrue(said.endsWith("done\n"), "no network namespace with a tap can be made here: " + said);
    }

    private static String run(String scenario) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        Process process = new ProcessBuilder(List.of("unshare", "--net", "--map-root-user", java, "-cp",
                System.getProperty("java.class.path"), PasstScenarios.class.getName(), scenario)).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "dhcp,      a guest that asks is offered the host's address",
        "arp,       the gateway answers",
        "killed,    a passt that is killed is heard of and leaves nothing",
        "ends,      it ends with the connection",
        "publish,   a connection to a published port reaches the guest",
        "busy,      a port that is taken is said with passt's words",
        "routeless, a host without a way out is said",
        "watch,     it ends with a process that is killed while it starts",
        "loopback,  the host's loopback is not the guest's unless allowed",
        "tap,       a made tap is up with its address and gone once closed",
    })
    void passtDoesWhatTheDeviceExpects(String scenario, String rule) throws Exception {
        String said = run(scenario);
        assertTrue(said.endsWith("done\n"), () -> rule + ": " + said);
    }
}
