package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A tap interface of the kernel's, in a network namespace made for the test, so that the machine's own network is not
 * touched; see {@link TapScenarios}. Skipped where no namespace or no tap can be made.
 */
@Timeout(120)
class TapBackendTest {

    @BeforeAll
    static void needsATapOfItsOwn() throws Exception {
        String said = run("probe");
        assumeTrue(said.endsWith("done\n"), "no tap interface can be made in a network namespace here: " + said);
    }

    private static String run(String scenario) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        Process process = new ProcessBuilder(List.of("unshare", "--net", "--map-root-user", java, "-cp",
                System.getProperty("java.class.path"), TapScenarios.class.getName(), scenario)).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "receive,  a frame of the host is heard of and received behind its header",
        "finished, without offloads frames come finished",
        "send,     a frame in pieces reaches the host",
        "down,     an interface that is down takes no frame and says so",
        "queues,   frames come on attached queues only",
        "offloads, checksums and segments are offered",
        "missing,  a tap that does not exist is refused with what makes it and is not made",
        "kind,     what is no tap and a tap of too few queues are refused with what to do",
        "busy,     a tap of another program is refused and left alone",
        "one,      a tap of several queues serves a device with one pair",
        "mtu,      a tap says its largest packet",
    })
    void theTapDoesWhatTheDeviceExpects(String scenario, String rule) throws Exception {
        String said = run(scenario);
        assertTrue(said.endsWith("done\n"), () -> rule + ": " + said);
    }
}
