package io.vmm4j.cli.firecracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.api.request.LoggerBody;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlagsTest {

    private static FlagException refusal(String... words) {
        return assertThrows(FlagException.class, () -> {
            Flags flags = Flags.parse(words);
            flags.logger();
        });
    }

    @Test
    void flagsAreTakenAsFirecrackerTakesThem() throws Exception {
        Flags flags = Flags.parse("--id", "web-1", "--api-sock", "/tmp/s", "--http-api-max-payload-size", "100", "--no-seccomp", "--level", "WARNING",
                "--show-level", "--start-time-us", "5", "--start-time-cpu-us", "6", "--parent-cpu-time-us", "7", "--", "--whatever");
        assertEquals("web-1", flags.id());
        assertEquals("/tmp/s", flags.value(Flag.API_SOCK));
        assertEquals(100, flags.payloadLimit());
        assertEquals(new LoggerBody(null, "Warn", true, null, null), flags.logger());
        assertEquals(7, flags.number(Flag.PARENT_CPU_TIME_US, 0));
    }

    @Test
    void withoutFlagsTheDefaultsHold() throws Exception {
        Flags flags = Flags.parse();
        assertEquals("anonymous-instance", flags.id());
        assertEquals(51200, flags.payloadLimit());
        assertNull(flags.value(Flag.API_SOCK));
        assertFalse(flags.has(Flag.NO_API));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "--foo|Found argument 'foo' which wasn't expected, or isn't valid in this context.",
        "foo|Found argument 'foo' which wasn't expected, or isn't valid in this context.",
        "--id=a|Found argument 'id=a' which wasn't expected, or isn't valid in this context.",
        "--id|The argument 'id' requires a value, but none was supplied.",
        "--id --no-seccomp|The argument 'id' requires a value, but none was supplied.",
        "--id --foo|The argument 'id' requires a value, but none was supplied.",
        "--id a --id b|The argument 'id' was provided more than once.",
        "--no-seccomp --no-seccomp|The argument 'no-seccomp' was provided more than once.",
        "--no-api|Argument 'config-file' required, but not found.",
        "--seccomp-filter f --no-seccomp|Argument 'seccomp-filter' cannot be used together with argument 'no-seccomp'.",
        "--no-seccomp --seccomp-filter f|Argument 'seccomp-filter' cannot be used together with argument 'no-seccomp'.",
        "--id a_b|Invalid instance ID: Invalid char (_) at position 1 (--id)",
        "--start-time-us x|'start-time-us' parameter expected to be of 'u64' type, not \"x\" (--start-time-us)"})
    void whatIsWrongIsSaidInFirecrackersWords(String line, String message) {
        FlagException refusal = refusal(line.split(" "));
        assertEquals(message, refusal.getMessage());
        assertEquals(153, refusal.status());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "--bogus|ParseArguments(UnexpectedArgument(\"bogus\"))",
        "--id|ParseArguments(MissingValue(\"id\"))",
        "--id a --id b|ParseArguments(DuplicateArgument(\"id\"))",
        "--no-api|ParseArguments(MissingArgument(\"config-file\"))",
        "--no-seccomp --seccomp-filter f|ParseArguments(ForbiddenArgument(\"no-seccomp\", \"seccomp-filter\"))",
        "--level loud|InvalidLogLevel(LevelFilterFromStrError(\"loud\"))"})
    void standardErrorHasTheErrorInRustsForm(String line, String debug) {
        assertEquals(debug, refusal(line.split(" ")).debug());
    }

    @Test
    void anIdIsMeasuredInBytes() throws Exception {
        assertEquals("a".repeat(64), Flags.parse("--id", "a".repeat(64)).id());
        assertEquals("\u00e9".repeat(32), Flags.parse("--id", "\u00e9".repeat(32)).id());
        assertEquals("Invalid instance ID: Invalid len (66);  the length must be between 1 and 64 (--id)", refusal("--id", "\u00e9".repeat(33)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--enable-pci", "--seccomp-filter f", "--metadata f", "--mmds-size-limit 5"})
    void aFlagWhoseFeatureIsNotThereIsRefusedByName(String line) {
        FlagException refusal = refusal(line.split(" "));
        assertTrue(refusal.getMessage().endsWith("not there yet (" + line.split(" ")[0] + ")"), refusal::getMessage);
        assertEquals(153, refusal.status());
    }

    @Test
    void aWrongLogLevelHasAnExitCodeOfItsOwn() {
        FlagException refusal = refusal("--level", "loud");
        assertEquals(152, refusal.status());
        assertEquals("Invalid value for logger level: Failed to parse string to level filter: loud.Possible values: [Error, Warning, Info, Debug]",
                refusal.getMessage());
    }

    @Test
    void helpAndVersionGoBeforeEverythingElseUpToTheEnd() {
        assertTrue(Flags.isHelp("--foo", "--help"));
        assertTrue(Flags.isHelp("-h"));
        assertTrue(Flags.isVersion("--id", "--version"));
        assertFalse(Flags.isVersion("--", "--version"));
    }

    @Test
    void helpNamesEveryFlag() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Flags.printHelp(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        String help = bytes.toString(StandardCharsets.UTF_8);
        for (Flag flag : Flag.values()) {
            assertTrue(help.contains(flag.text()), flag.text());
        }
    }
}
