package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest {

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "help", "create --help", "help create"})
    void everyOptionIsListedUnderItsSubjectWithItsDefault(String words) {
        String help = print("vmm", words.split(" "));
        int from = 0;
        for (CliOption.Group group : CliOption.Group.values()) {
            if (Arrays.stream(CliOption.values()).noneMatch(option -> option.group() == group && option.goesWith(Command.BOOT))) {
                continue;
            }
            int at = help.indexOf("\n" + group.heading() + ":\n");
            assertTrue(at > from, () -> group + " is missing or out of order in\n" + help);
            from = at;
        }
        String flat = help.replaceAll("\\s+", " ");
        for (CliOption option : CliOption.values()) {
            option.longNames().forEach(name -> assertEquals(option.goesWith(Command.BOOT), Pattern.compile(name + "(?![a-z-])").matcher(help).find(), name));
            if (option.goesWith(Command.BOOT) && option.defaultText() != null) {
                assertTrue(flat.contains("Default: " + option.defaultText()), option.longName());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Command.class)
    void helpFitsATerminal(Command command) {
        String help = print("vmm", command.word() == null ? new String[] {"--help"}
                : command.parent() == null ? new String[] {"help", command.word()} : (command.words() + " --help").split(" "));
        assertEquals(0, help.lines().filter(line -> line.length() > 80).count(), help);
        assertTrue(help.replaceAll("\\s+", " ").contains(command.summary()), help);
    }

    @Test
    void theExitStatusIsDocumented() {
        String help = print("vmm", "--help").replaceAll("\\s+", " ");
        for (ExitCode code : ExitCode.values()) {
            assertTrue(help.contains(" " + code.code() + " " + code.meaning()), code.toString());
        }
        assertTrue(help.contains("143 SIGTERM"), help);
    }

    @Test
    void theProgramGoesByTheNameItWasCalledBy() {
        assertTrue(print("dbs-cli", "--help").startsWith("Usage: dbs-cli "));
        assertTrue(print("dbs-cli", "--version").startsWith("dbs-cli "));
    }

    @Test
    void theVersionIsANumber() {
        assertTrue(print("vmm", "-V").matches("vmm \\d+\\.\\d+\\.\\d+\\S*\\n"), print("vmm", "-V"));
    }

    @Test
    void helpWinsOverMistakes() {
        assertTrue(print("vmm", "create", "--nonsense", "--help").startsWith("Usage: vmm create "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "help run", "doctor"})
    void outputThatGetsLostIsAHostError(String words) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream full = new PrintStream(new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                throw new IOException("No space left on device");
            }
        }, true, StandardCharsets.UTF_8);
        ExitCode exit = new Cli("vmm", full, new PrintStream(err, true, StandardCharsets.UTF_8)).run(words.split(" "));
        assertTrue(exit == ExitCode.HOST_ERROR || words.equals("doctor") && exit == ExitCode.KVM_UNAVAILABLE, exit::toString);
        assertEquals("vmm: standard output cannot be written to\n", err.toString(StandardCharsets.UTF_8));
    }

    private static String print(String name, String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ExitCode exit = new Cli(name, new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8)).run(words);
        assertEquals(ExitCode.OK, exit);
        assertEquals("", err.toString(StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }
}
