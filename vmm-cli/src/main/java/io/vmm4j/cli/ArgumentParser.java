package io.vmm4j.cli;

import io.vmm4j.core.rootfs.RootSource;
import java.io.File;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParseResult;

/**
 * Takes a command line apart: picocli, on the {@link UsageModel}, reads it to the end whatever it meets; here its findings
 * become {@link Arguments}, and each mistake a line.
 */
final class ArgumentParser {

    private static final String HELP = "--help";
    private static final String VERSION = "--version";
    private static final String END_OF_OPTIONS = "--";
    /** What stands for it behind {@link #withValuesAttached}, as a value may look like it: no word can have this character. */
    private static final String END_MARK = "\0";

    private static final char REPLACEMENT = '\uFFFD';

    private final String[] words;
    private final Map<CliOption, Arguments.Given> given = new EnumMap<>(CliOption.class);
    private final List<String> operands = new ArrayList<>();
    private final List<String> guestWords = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final Set<CliOption> garbled = EnumSet.noneOf(CliOption.class);

    private ArgumentParser(String[] words) {
        this.words = words;
    }

    /** Takes {@code words} apart. */
    static Arguments parse(String... words) {
        return new ArgumentParser(words).parse();
    }

    private Arguments parse() {
        List<String> attached = withValuesAttached();
        CommandLine program = UsageModel.forParsing(attached);
        collectErrors(program);
        program.getSubcommands().values().forEach(ArgumentParser::collectErrors);
        program.setUnmatchedArgumentsAllowed(true);
        program.setTrimQuotes(false);
        program.setInterpolateVariables(false);
        program.setExpandAtFiles(false);
        program.setEndOfOptionsDelimiter(END_MARK);
        program.setAllowOptionsAsOptionParameters(true);
        program.setAllowSubcommandsAsOptionParameters(true);
        ParseResult top = program.parseArgs(attached.toArray(new String[0]));
        ParseResult result = top.hasSubcommand() ? top.subcommand() : top;
        Command command = top.hasSubcommand() ? Command.named(result.commandSpec().name()) : Command.BOOT;
        boolean isHelp = top.isUsageHelpRequested() || result.isUsageHelpRequested();
        boolean isVersion = top.isVersionHelpRequested();

        take(top);
        if (result != top) {
            take(result);
        }
        // Once for each run of operands, each time with all of them.
        new LinkedHashSet<>(result.matchedPositionals()).forEach(operand -> operands.addAll(operand.originalStringValues()));
        Command further = operands.isEmpty() ? null : Command.named(command, operands.get(0));
        if (command == Command.SNAPSHOT && further != null) {
            command = further;
            operands.remove(0);
        }
        checkOptionsBelong(command);
        if (!isHelp && !isVersion) {
            unmatched(top.unmatched(), command);
            if (result != top) {
                unmatched(result.unmatched(), command);
            }
            checkOperands(command);
            errors(top.errors());
            if (result != top) {
                errors(result.errors());
            }
        }
        return new Arguments(command, isHelp, isVersion, given, operands, guestWords, problems, garbled);
    }

    /**
     * The words, each option's value attached to it by an equals sign: picocli would take one that looks like a command or an
     * option for that, and one behind a truth value that may be left out for the value. An option that another follows in
     * place of its value is left out, and reported.
     */
    private List<String> withValuesAttached() {
        List<String> attached = new ArrayList<>();
        boolean isCommandDue = true;
        boolean isForGuest = false;
        int i = 0;
        while (i < words.length && !words[i].equals(END_OF_OPTIONS)) {
            String word = words[i++];
            CliOption option = CliOption.named(word);
            String next = i < words.length ? words[i] : null;
            if (option == null) {
                isForGuest |= isCommandDue && Command.named(word) == Command.SHELL || isRootSource(word);
                isCommandDue &= Command.named(word) == null;
                attached.add(word);
            } else if (option.isFlag()) {
                attached.add(word + "=true");
            } else if (option.isValueOptional()) {
                boolean isValueNext = next != null && !looksLikeOption(next) && !(isCommandDue && Command.named(next) != null);
                attached.add(word + "=" + (isValueNext ? next : "true"));
                i += isValueNext ? 1 : 0;
            } else if (next == null) {
                attached.add(word);
            } else if (isKnownOption(next)) {
                missing(option);
            } else {
                isForGuest |= option == CliOption.ROOTFS && RootSource.of(next).isPresent();
                attached.add(word + "=" + next);
                i++;
            }
        }
        if (i < words.length && isForGuest) {
            guestWords.addAll(List.of(words).subList(i + 1, words.length));
        } else if (i < words.length) {
            attached.add(END_MARK);
            attached.addAll(List.of(words).subList(i + 1, words.length));
        }
        return attached;
    }

    /** Whether it is {@code --rootfs} with a value that may be a container image, whose program's words follow on the mark. */
    private static boolean isRootSource(String word) {
        int equals = word.indexOf('=');
        return equals > 0 && CliOption.named(word.substring(0, equals)) == CliOption.ROOTFS && RootSource.of(word.substring(equals + 1)).isPresent();
    }

    /** Whether it is an option, with its value or without. */
    private static boolean isKnownOption(String word) {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        boolean isGlued = word.length() > 2 && word.charAt(1) != '-' && CliOption.named(word.substring(0, 2)) != null;
        return isGlued || CliOption.named(name) != null || List.of(HELP, "-h", VERSION, "-V").contains(name);
    }

    /** Has a parser go on after a mistake; each command has a parser of its own. */
    private static void collectErrors(CommandLine parser) {
        parser.getCommandSpec().parser().collectErrors(true);
    }

    private void take(ParseResult result) {
        Set<CliOption> taken = EnumSet.noneOf(CliOption.class);
        for (OptionSpec matched : result.matchedOptions()) {
            CliOption option = CliOption.named(matched.longestName());
            boolean isRead = option != null && !matched.originalStringValues().isEmpty();
            if (isRead && option.isRepeatable()) {
                if (!taken.add(option)) {
                    continue; // once for each time it was typed, each time with all values
                }
                List<String> values = new ArrayList<>(given.containsKey(option) ? given.get(option).values() : List.of());
                values.addAll(matched.originalStringValues());
                given.put(option, new Arguments.Given(nameTyped(option), values));
            } else if (isRead && given.containsKey(option)) {
                givenTwice(nameTyped(option));
            } else if (isRead) {
                given.put(option, new Arguments.Given(nameTyped(option), matched.originalStringValues().subList(0, 1)));
                checkFlag(option);
                checkEncoding(option);
            }
        }
    }

    private void checkFlag(CliOption option) {
        String value = given.get(option).value();
        if (option.isFlag() && !List.of("true", "false").contains(value)) {
            problems.add("\"" + value + "\" is not true or false (" + nameTyped(option) + ")");
            garbled.add(option);
        }
    }

    /** What Java could not make text of it has replaced, so the file of that name cannot be had, whether it is there or not. */
    private void checkEncoding(CliOption option) {
        String value = given.get(option).value();
        if (option.value() == CliOption.Value.PATH && value.indexOf(REPLACEMENT) >= 0 && !new File(value).exists()) {
            problems.add("\"" + value + "\" has bytes that are no text in this locale's encoding, " + System.getProperty("sun.jnu.encoding")
                    + " (" + nameTyped(option) + ")");
            garbled.add(option);
        }
    }

    /** The long name the user chose, or the first where the short flag was typed. */
    private String nameTyped(CliOption option) {
        for (String name : option.longNames()) {
            for (String word : words) {
                if (word.equals(name) || word.startsWith(name + "=")) {
                    return name;
                }
            }
        }
        return option.longName();
    }

    private void errors(List<Exception> found) {
        for (Exception error : found) {
            if (error instanceof OverwrittenOptionException twice) {
                givenTwice(nameOf(twice.getOverwritten()));
            } else if (error instanceof MissingParameterException missing) {
                missing.getMissing().stream().filter(OptionSpec.class::isInstance)
                        .forEach(arg -> missing(CliOption.named(((OptionSpec) arg).longestName())));
            } else {
                problems.add(error.getMessage());
            }
        }
    }

    private void givenTwice(String name) {
        problems.add("the option is given more than once (" + name + ")");
    }

    private void missing(CliOption option) {
        problems.add("a value is missing: " + option.value().label() + " (" + nameTyped(option) + ")");
        garbled.add(option);
    }

    private String nameOf(ArgSpec arg) {
        String name = ((OptionSpec) arg).longestName();
        CliOption option = CliOption.named(name);
        return option == null ? name : nameTyped(option);
    }

    private void unmatched(List<String> rest, Command command) {
        for (int i = 0; i < rest.size(); i++) {
            String word = rest.get(i);
            if (looksLikeOption(word)) {
                unknown(word, command);
                boolean isValueNext = word.indexOf('=') < 0 && i + 1 < rest.size() && !looksLikeOption(rest.get(i + 1));
                i += isValueNext ? 1 : 0;
            } else if (command == Command.BOOT && word.equals(words[0])) {
                problems.add("unknown command " + (word.isBlank() ? "\"" + word + "\"" : word) + suggestion(word));
                Stream.of(CliOption.KERNEL_PATH, CliOption.ROOTFS).filter(option -> !given.containsKey(option)).forEach(garbled::add);
            } else {
                problems.add("unexpected argument \"" + word + "\"" + (command == Command.SHELL ? ": what the guest is to run comes behind --" : ""));
            }
        }
    }

    private void unknown(String word, Command command) {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        if (name.equals(VERSION)) {
            problems.add("option --version goes without a command");
            return;
        }
        if (CliOption.named(name) != null) {
            // Only behind -- it is not taken for one.
            problems.add("unexpected argument \"" + word + "\"");
            return;
        }
        List<String> candidates = new ArrayList<>(List.of(HELP, VERSION));
        for (CliOption option : CliOption.values()) {
            candidates.addAll(option.longNames());
        }
        String nearest = name.startsWith("--") ? NearestName.of(name, candidates) : null;
        problems.add("unknown option " + name + (nearest == null ? "" : ", did you mean " + nearest + "?"));
        if (nearest != null && CliOption.named(nearest) != null) {
            garbled.add(CliOption.named(nearest));
        }
    }

    private static String commandOf(CliOption option) {
        return Stream.of(Command.values()).filter(option::goesWith).map(Command::words).findFirst().orElseThrow();
    }

    private void checkOperands(Command command) {
        if (command == Command.RUN && operands.isEmpty()) {
            problems.add("a configuration file is missing: run FILE");
        }
        switch (command) {
            case SNAPSHOT, SNAPSHOT_INFO, SNAPSHOT_VERIFY, SNAPSHOT_MERGE, RESTORE -> checkDirectories(command);
            default -> {
                if (command.isForRunning()) {
                    checkMachines(command, operands, command.words() + " NAME");
                }
            }
        }
        if (command == Command.HELP && !operands.isEmpty() && Command.named(operands.get(0)) == null) {
            problems.add("unknown command " + operands.get(0) + suggestion(operands.get(0)));
        }
    }

    private void checkMachines(Command command, List<String> names, String form) {
        boolean isBySocket = given.containsKey(CliOption.API_SOCK_PATH) || garbled.contains(CliOption.API_SOCK_PATH);
        if (isBySocket && !names.isEmpty()) {
            problems.add("a machine is meant by its name or by its socket: give \"" + names.get(0) + "\" or " + CliOption.API_SOCK_PATH.longName());
        } else if (!isBySocket && names.isEmpty()) {
            problems.add("a machine is missing: " + form + ", or " + CliOption.API_SOCK_PATH.longName() + " PATH");
        } else if (command == Command.SNAPSHOT && names.size() > 1) {
            problems.add("unexpected argument \"" + names.get(1) + "\"");
        }
    }

    /** What is made of, or makes, snapshots: so many directories, and behind that of {@code snapshot} a machine. */
    private void checkDirectories(Command command) {
        int expected = command == Command.SNAPSHOT_MERGE ? 3 : 1;
        if (operands.size() < expected) {
            problems.add(command == Command.SNAPSHOT_MERGE ? "directories are missing: snapshot merge BASE DIFF OUT"
                    : "a directory is missing: " + command.words() + (command == Command.SNAPSHOT ? " DIR NAME" : " DIR")
                    + (command.parent() == null ? "" : ", or ./" + command.word() + " for one called so"));
            return;
        }
        operands.stream().limit(command == Command.SNAPSHOT_MERGE ? Long.MAX_VALUE : 1).forEach(this::checkDirectory);
        if (command == Command.SNAPSHOT) {
            checkMachines(command, operands.subList(1, operands.size()), "snapshot DIR NAME");
        } else if (command != Command.SNAPSHOT_MERGE && operands.size() > 1) {
            problems.add("unexpected argument \"" + operands.get(1) + "\"");
        }
    }

    private void checkDirectory(String word) {
        if (word.isEmpty()) {
            problems.add("\"\" cannot be a directory");
        } else if (word.indexOf(REPLACEMENT) >= 0 && !new File(word).exists()) {
            problems.add("\"" + word + "\" has bytes that are no text in this locale's encoding, " + System.getProperty("sun.jnu.encoding"));
        }
    }

    private static String suggestion(String word) {
        List<String> commands = Stream.of(Command.values()).filter(command -> command.parent() == null).map(Command::word).filter(name -> name != null)
                .toList();
        String nearest = NearestName.of(word, commands);
        return nearest == null ? ", commands are " + String.join(", ", commands) : ", did you mean " + nearest + "?";
    }

    /** Options of other commands. */
    private void checkOptionsBelong(Command command) {
        given.forEach((option, typed) -> {
            if (!option.goesWith(command)) {
                problems.add("option " + typed.name() + (command == Command.BOOT ? " goes with the command " + commandOf(option)
                        : " does not go with the command " + command.words()));
            }
        });
    }

    /** A hyphen and something that is no number: {@code -1} and {@code -} are values. */
    private static boolean looksLikeOption(String word) {
        return word.length() > 1 && word.charAt(0) == '-' && !Character.isDigit(word.charAt(1));
    }
}
