package io.vmm4j.core.config;

import static io.vmm4j.core.config.VmConfigTest.machineRefusal;
import static io.vmm4j.core.config.VmConfigTest.parse;
import static io.vmm4j.core.config.VmConfigTest.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a text must be to be a configuration, whatever it configures. */
class ConfigTextTest {

    @Test
    void anUnknownKeyIsRefusedByNameWithItsPlace() {
        String message = machineRefusal("{\"vcpu_cuont\": 2}");
        assertTrue(message.contains("unknown key \"vcpu_cuont\""), message);
        assertTrue(message.contains("machine-config.vcpu_cuont"), message);
        assertTrue(message.contains("line "), message);
        assertTrue(refusal("{\"boot_source\": {}}").contains("unknown key \"boot_source\""));
    }

    @Test
    void allUnknownKeysAreReportedTogether() {
        ConfigException e = assertThrows(ConfigException.class, () -> parse("""
                {"boot-source": {"kernel_image_path": "k", "bootargs": {"a": [1]}}, "drives": [{"drive_id": "d"}, {"drive_di": "e"}],
                 "machine_config": {}, "machine-config": {"vcpus": 2}}"""));
        assertEquals(List.of("boot-source.bootargs", "drives[1].drive_di", "machine-config.vcpus", "machine_config"),
                e.problems().stream().map(ConfigProblem::key).toList());
        assertTrue(e.problems().stream().allMatch(problem -> problem.message().startsWith("unknown key \"")), e.getMessage());
        assertTrue(!e.getMessage().contains("-1"), () -> "a line that is none: " + e.getMessage());
    }

    @Test
    void aMistakeOfAnotherKindIsReportedBehindUnknownKeys() {
        ConfigException e = assertThrows(ConfigException.class, () -> parse("""
                {"boot-source": {"bootargs": "x"}, "machine-config": {"mem_size_mib": "much"}}"""));
        assertEquals(List.of("boot-source.bootargs", "machine-config.mem_size_mib"), e.problems().stream().map(ConfigProblem::key).toList());
        assertEquals("the value is not a whole number", e.problems().get(1).message());
    }

    @Test
    void aTextOfUnknownKeysWithoutEndIsCutOff() {
        String keys = IntStream.range(0, 1000).mapToObj(i -> "\"k" + i + "\": 0").collect(Collectors.joining(", ", "{", "}"));
        assertEquals(20, assertThrows(ConfigException.class, () -> parse(keys)).problems().size());
    }

    @Test
    void aKeyGivenTwiceIsRefused() {
        assertTrue(refusal("{\"boot-source\": {}, \"boot-source\": {}}").contains("the key \"boot-source\" is given twice"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "{", "{} {}", "not json", "{\"drives\": {}}", "{\"drives\": [3]}"})
    void whatIsNoConfigurationIsRefusedInOneLine(String text) {
        String message = refusal(text);
        assertEquals(1, message.lines().count(), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'drives': [ | the text ends too early at line 1 column 13 (drives)",
        "{'serial': {'path': 's' | the text ends too early at line 1 column 24 (serial)",
        "{'serial': {'path': 's'] | Unexpected close marker ']': expected '}' (for Object starting at line: 1, column: 12) at line 1 column 24 (serial)",
    })
    void aTextThatIsBrokenOffIsRefusedInPlainWords(String text, String message) {
        assertEquals(message, refusal(text.replace('\'', '"')));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'serial': x} | x is not JSON: a text stands in quotation marks, the rest are numbers, true, false and null at line 1 column 12 (test.json)",
        "{'serial': {'path': 's', 'path': 't'}} | the key \"path\" is given twice at line 1 column 32 (serial)",
        "{'serial': {'path': 's~'}} | a control character (code 9) stands in a text, where it has to be written \\u00XX at line 1 column 23 (serial.path)",
        "{'serial': ,} | unexpected character \",\" at line 1 column 12 (test.json)",
    })
    void aMistakeInTheTextIsOneProblemInPlainWords(String text, String message) {
        ConfigException e = assertThrows(ConfigException.class, () -> parse(text.replace('\'', '"').replace('~', '\t')));
        assertEquals(message, e.getMessage());
        assertEquals(1, e.problems().size());
    }

    @Test
    void aTextThatIsNestedTooDeepSaysHowDeepItMayBe() {
        String refusal = refusal("[".repeat(3000));
        assertTrue(refusal.contains("lists and objects stand in each other more than 1000 deep"), refusal);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'~': 1} | unknown key \"~\", known are",
        "{'a~': 1, 'a~': 2} | the key \"a~\" is given twice",
        "{'machine-config': {'mem_type': '~'}} | memory type \"~\" is not one of",
        "{'cpu-config': '/no/~'} | file /no/~ does not exist",
        "{'drives': [{'cache_type': 'x~'}]} | \"x~\" is not one of Unsafe, Writeback",
    })
    void aProblemQuotesTheTextInOneLineThatDrivesNoTerminal(String json, String message) {
        String refusal = refusal(json.replace('\'', '"').replace("~", "\\u001b[2J\\n\\u009bx"));
        assertTrue(refusal.contains(message.replace("~", "\\u001b[2J\\n\\u009bx")), refusal);
        assertTrue(refusal.chars().noneMatch(Character::isISOControl), refusal);
    }

    @Test
    void aProblemOfALongTextIsStillALine() {
        String refusal = refusal("{\"machine-config\": {\"mem_type\": \"" + "x".repeat(1 << 20) + "\"}}");
        assertTrue(refusal.length() < 12_000, refusal.length() + " characters");
        assertTrue(refusal.contains("is not one of shmem, ") && refusal.contains("(machine-config.mem_type)"), refusal);
    }
}
