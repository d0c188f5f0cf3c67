package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What messages quote, of options and of files, does not drive the terminal that they are printed on. */
class QuotedTextTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"-k~", "-r~", "-i~", "--virblks=[{'drive_id':'~','path_on_host':'~'}]", "--virblks=[{'~':1}]", "--virblks=~", "--virblks=[x~]",
        "--virnets=[{'backend':{'iface_id':'~','host_dev_name':'~'},'guest_mac':'~'}]", "--vcpu=~", "--mem-size=~", "--mem-type=~", "--mem-file=~",
        "--cpu-pm=~", "--cpu-config=~", "--is-root=~", "--serial-path=~/~", "--console-path=~/~", "--vsock=~/~", "--guest-cid=~", "--balloon=~",
        "--log-file=~/~", "--log-level=~", "--api-sock-path=~/~", "--~", "~"})
    void noWordOfTheCommandLineIsPrintedAsItIsWhenItDrivesATerminal(String word) {
        String evil = "\u001b]0;x\u0007\n\u202evmm: all is well";
        runExpecting(ExitCode.USAGE, "-k", "k", "-r", "r", word.replace('\'', '"').replace("~", word.contains("{") ? json(evil) : evil));
        assertHarmless();
    }

    private static String json(String text) {
        return text.replace("\u001b", "\\u001b").replace("\u0007", "\\u0007").replace("\n", "\\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'~': 1}", "{'a~': 1, 'a~': 2}", "{'machine-config': {'mem_type': '~'}}", "{'machine-config': {'~': {}}}", "{'drives': [{'cache_type': '~'}]}",
        "{'boot-source': {'kernel_image_path': '/no/~'}}", "{'cpu-config': '/no/~'}", "{'cpu-config': {'msr_modifiers': [{'addr': '~', 'bitmap': '~'}]}}",
        "{'logger': {'level': '~', 'log_path': '/no/~'}}", "{'vsock': {'guest_cid': 3, 'uds_path': '/no/~'}}", "{'drives': [{'drive_id': '~'}]}"})
    void noTextOfAConfigurationFileIsPrintedAsItIsWhenItDrivesATerminal(String json) throws IOException {
        String evil = json("\u001b]0;x\u0007\n\u202evmm: all is well");
        Path file = Files.writeString(directory.resolve("vm\n\u001b[2J.json"), json.replace('\'', '"').replace("~", evil));
        runExpecting(ExitCode.USAGE, "run", file.toString());
        assertHarmless();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\u001b\n\": 1}", "\u001bx\u009b", "[x\u009b]", "{\"a\": tru\u001b}", "{a\u0007: 1}"})
    void whatIsNotEvenJsonIsNotPrintedAsItIsEither(String text) throws IOException {
        runExpecting(ExitCode.USAGE, "run", Files.writeString(directory.resolve("vm.json"), text).toString());
        assertHarmless();
    }

    /** Each line is the program's own, with nothing in it that a terminal would act on. */
    private void assertHarmless() {
        assertTrue(allLines().size() > 0, "says what is wrong");
        for (String line : allLines()) {
            assertTrue(line.startsWith("vmm: ") && !line.startsWith("vmm: all"), line);
            assertTrue(line.chars().noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT), line);
        }
    }

    private void runExpecting(ExitCode expected, String... words) {
        PrintStream out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        ExitCode exit = new Cli("vmm", out, new PrintStream(err, true, StandardCharsets.UTF_8)).run(words);
        assertEquals(expected, exit, err::toString);
    }

    private List<String> allLines() {
        return err.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
