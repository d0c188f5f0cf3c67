package io.vmm4j.cli.firecracker;

import io.vmm4j.api.FirecrackerOptions;
import io.vmm4j.api.request.LoggerBody;
import io.vmm4j.core.json.RustText;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Firecracker's command line, taken apart by picocli and checked, with Firecracker's words for what is wrong. Immutable. */
final class Flags {

    /** What separates a name from its value in one word; Firecracker's flags are never written so, and no word can have this. */
    private static final String NO_SEPARATOR = "\0";
    private static final String VERSION = "--version";
    private static final List<String> HELP = List.of("--help", "-h");
    private static final String END = "--";
    /** Bytes of UTF-8. */
    private static final int MAX_ID = 64;

    private final Map<Flag, String> given;

    private Flags(Map<Flag, String> given) {
        this.given = given;
    }

    /** Whether {@code words} ask for help, whatever else there is. */
    static boolean isHelp(String... words) {
        return own(words).stream().anyMatch(HELP::contains);
    }

    /** Whether {@code words} ask for the version, whatever else there is. */
    static boolean isVersion(String... words) {
        return own(words).contains(VERSION);
    }

    /** What stands behind {@code --} is nobody's. */
    private static List<String> own(String... words) {
        List<String> all = Arrays.asList(words);
        int end = all.indexOf(END);
        return end < 0 ? all : all.subList(0, end);
    }

    static void printHelp(PrintStream out) {
        model().usage(out, Ansi.OFF);
    }

    /**
     * Takes {@code words} apart.
     *
     * @throws FlagException for the first thing that is wrong
     */
    static Flags parse(String... words) throws FlagException {
        ParseResult result;
        try {
            result = model().parseArgs(own(words).toArray(new String[0]));
        } catch (ParameterException e) {
            throw wording(e);
        }
        Map<Flag, String> given = new EnumMap<>(Flag.class);
        for (Flag flag : Flag.values()) {
            if (result.hasMatchedOption(flag.text())) {
                List<String> values = result.matchedOption(flag.text()).originalStringValues();
                given.put(flag, flag.hasValue() ? values.get(0) : "");
            }
        }
        Flags flags = new Flags(given);
        flags.check();
        return flags;
    }

    private static CommandLine model() {
        CommandSpec spec = CommandSpec.create().name("firecracker");
        spec.usageMessage().abbreviateSynopsis(true).sortOptions(false)
                .description("Starts a machine by Firecracker's HTTP API or configuration file.");
        for (Flag flag : Flag.values()) {
            spec.addOption(OptionSpec.builder(flag.text()).arity(flag.hasValue() ? "1" : "0")
                    .type(flag.hasValue() ? String.class : boolean.class)
                    .paramLabel("<" + flag.bareName() + ">").description(flag.description()).build());
        }
        spec.addOption(OptionSpec.builder(VERSION).versionHelp(true).arity("0").type(boolean.class)
                .description("Print the version of Firecracker whose answers these are.").build());
        spec.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).arity("0").type(boolean.class)
                .description("Print this help.").build());
        CommandLine model = new CommandLine(spec);
        model.setSeparator(NO_SEPARATOR).setTrimQuotes(false).setInterpolateVariables(false).setExpandAtFiles(false)
                .setPosixClusteredShortOptionsAllowed(false).setAllowOptionsAsOptionParameters(false);
        return model;
    }

    private static FlagException wording(ParameterException problem) {
        if (problem instanceof UnmatchedArgumentException unmatched) {
            String word = unmatched.getUnmatched().get(0);
            String name = word.startsWith(END) ? word.substring(END.length()) : word;
            return FlagException.of("Found argument '" + name + "' which wasn't expected, or isn't valid in this context.", "UnexpectedArgument", name);
        }
        if (problem instanceof OverwrittenOptionException twice) {
            String name = bare(((OptionSpec) twice.getOverwritten()).longestName());
            return FlagException.of("The argument '" + name + "' was provided more than once.", "DuplicateArgument", name);
        }
        if (problem.getArgSpec() instanceof OptionSpec option) {
            return missingValue(bare(option.longestName()));
        }
        if (problem instanceof MissingParameterException missing && missing.getMissing().get(0) instanceof OptionSpec option) {
            return missingValue(bare(option.longestName()));
        }
        return new FlagException(problem.getMessage());
    }

    private static FlagException missingValue(String name) {
        return FlagException.of("The argument '" + name + "' requires a value, but none was supplied.", "MissingValue", name);
    }

    private static String bare(String name) {
        return name.substring(END.length());
    }

    private void check() throws FlagException {
        for (Map.Entry<Flag, String> entry : given.entrySet()) {
            if (entry.getValue().startsWith(END)) {
                throw missingValue(entry.getKey().bareName());
            }
            if (entry.getKey() == Flag.SECCOMP_FILTER && has(Flag.NO_SECCOMP)) {
                // Firecracker looks at its arguments in the order of their names.
                throw FlagException.of("Argument 'seccomp-filter' cannot be used together with argument 'no-seccomp'.", "ForbiddenArgument",
                        "no-seccomp", "seccomp-filter");
            }
            if (entry.getKey().absence() != null) {
                throw new FlagException(entry.getKey().absence() + " not there yet (" + entry.getKey().text() + ")");
            }
        }
        if (has(Flag.NO_API) && !has(Flag.CONFIG_FILE)) {
            throw FlagException.of("Argument 'config-file' required, but not found.", "MissingArgument", "config-file");
        }
        checkId();
        for (Flag flag : List.of(Flag.START_TIME_US, Flag.START_TIME_CPU_US, Flag.PARENT_CPU_TIME_US)) {
            number(flag, 0);
        }
        payloadLimit();
    }

    private void checkId() throws FlagException {
        String id = id();
        int length = id.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_ID) {
            throw new FlagException("Invalid instance ID: Invalid len (" + length + ");  the length must be between 1 and " + MAX_ID + " (--id)");
        }
        for (int i = 0; i < id.length(); i++) {
            if (id.charAt(i) != '-' && !Character.isLetterOrDigit(id.charAt(i))) {
                throw new FlagException("Invalid instance ID: Invalid char (" + id.charAt(i) + ") at position " + i + " (--id)");
            }
        }
    }

    boolean has(Flag flag) {
        return given.containsKey(flag);
    }

    /** The value of {@code flag}, {@code null} when it is not there. */
    String value(Flag flag) {
        return given.get(flag);
    }

    String id() {
        return given.getOrDefault(Flag.ID, FirecrackerOptions.DEFAULT_ID);
    }

    /** The value of {@code flag} as a number of 64 bits, {@code otherwise} when it is not there. */
    long number(Flag flag, long otherwise) throws FlagException {
        String text = given.get(flag);
        try {
            return text == null ? otherwise : Long.parseUnsignedLong(text);
        } catch (NumberFormatException e) {
            throw new FlagException("'" + flag.bareName() + "' parameter expected to be of 'u64' type, not \"" + text + "\" (" + flag.text() + ")");
        }
    }

    /** The largest body of a request, in bytes; more than an array can have is as much as one can. */
    int payloadLimit() throws FlagException {
        long limit = number(Flag.PAYLOAD_SIZE, FirecrackerOptions.DEFAULT_PAYLOAD_LIMIT);
        return limit < 0 || limit > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) limit;
    }

    /** What the flags say of the log. */
    LoggerBody logger() throws FlagException {
        return new LoggerBody(value(Flag.LOG_PATH), level(), has(Flag.SHOW_LEVEL) ? Boolean.TRUE : null,
                has(Flag.SHOW_LOG_ORIGIN) ? Boolean.TRUE : null, value(Flag.MODULE));
    }

    private String level() throws FlagException {
        String text = value(Flag.LEVEL);
        if (text == null) {
            return null;
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "off" -> "Off";
            case "trace" -> "Trace";
            case "debug" -> "Debug";
            case "info" -> "Info";
            case "warn", "warning" -> "Warn";
            case "error" -> "Error";
            default -> throw new FlagException(FirecrackerExit.BAD_CONFIGURATION, "Invalid value for logger level: Failed to parse string to level filter: "
                    + text + ".Possible values: [Error, Warning, Info, Debug]", "InvalidLogLevel(LevelFilterFromStrError(" + RustText.quoted(text) + "))");
        };
    }
}
