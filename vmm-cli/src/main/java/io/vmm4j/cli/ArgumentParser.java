package io.vmm4j.cli;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Takes a command line apart by the table of {@link CliOption}: {@code --name VALUE}, {@code --name=VALUE},
 * {@code -n VALUE}, {@code -n=VALUE} and {@code -nVALUE}. It reads to the end whatever it meets, so that every mistake is
 * reported at once. Picocli makes help, completion and manual from the same table but does not parse: loading it takes
 * 100 ms, as its class files are too old for a class archive, and this takes one.
 */
final class ArgumentParser {

    private static final String HELP = "--help";
    private static final String VERSION = "--version";

    private final String[] words;
    private final Map<CliOption, Arguments.Given> given = new EnumMap<>(CliOption.class);
    private final List<String> operands = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final Set<CliOption> garbled = EnumSet.noneOf(CliOption.class);
    private Command command = Command.BOOT;
    private boolean isHelp;
    private boolean isVersion;
    private int next;

    private ArgumentParser(String[] words) {
        this.words = words;
    }

    /** Takes {@code words} apart. */
    static Arguments parse(String... words) {
        return new ArgumentParser(words).parse();
    }

    private Arguments parse() {
        boolean isOptions = true;
        while (next < words.length) {
            String word = words[next++];
            if (isOptions && word.equals("--")) {
                isOptions = false;
            } else if (isOptions && looksLikeOption(word)) {
                option(word);
            } else {
                operand(word);
            }
        }
        checkOperands();
        checkOptionsBelong();
        return new Arguments(command, isHelp, isVersion, given, operands, problems, garbled);
    }

    private void option(String word) {
        switch (word) {
            case HELP, "-h" -> isHelp = true;
            case VERSION, "-V" -> isVersion = true;
            default -> {
                String name = nameIn(word);
                CliOption option = CliOption.named(name);
                if (option == null) {
                    unknown(name, word);
                } else {
                    take(option, name, attachedValue(word, name));
                }
            }
        }
    }

    private void take(CliOption option, String name, String attached) {
        String value = attached == null ? followingValue(option) : attached;
        String longName = name.startsWith("--") ? name : option.longName();
        if (value == null) {
            problems.add("a value is missing: " + option.value().label() + " (" + longName + ")");
            garbled.add(option);
        } else if (given.putIfAbsent(option, new Arguments.Given(longName, value)) != null) {
            problems.add("the option is given more than once (" + longName + ")");
        }
    }

    /** The next word where it can be a value; consumed. */
    private String followingValue(CliOption option) {
        boolean isThere = next < words.length && !looksLikeOption(words[next]);
        if (isThere) {
            return words[next++];
        }
        return option.isValueOptional() ? "true" : null;
    }

    private void unknown(String name, String word) {
        List<String> candidates = new ArrayList<>(List.of(HELP, VERSION));
        for (CliOption option : CliOption.values()) {
            candidates.addAll(option.longNames());
        }
        String nearest = name.startsWith("--") ? NearestName.of(name, candidates) : null;
        problems.add("unknown option " + name + (nearest == null ? "" : ", did you mean " + nearest + "?"));
        if (nearest != null && CliOption.named(nearest) != null) {
            garbled.add(CliOption.named(nearest));
        }
        boolean isValueNext = word.equals(name) && next < words.length && !looksLikeOption(words[next]);
        if (isValueNext) {
            next++;
        }
    }

    private void operand(String word) {
        Command named = command == Command.BOOT && operands.isEmpty() ? Command.named(word) : null;
        if (named != null) {
            command = named;
        } else {
            operands.add(word);
        }
    }

    private void checkOperands() {
        if (isHelp || isVersion) {
            return;
        }
        int allowed = command == Command.RUN || command == Command.HELP ? 1 : 0;
        for (String extra : operands.subList(Math.min(allowed, operands.size()), operands.size())) {
            problems.add(unexpected(extra));
        }
        if (command == Command.RUN && operands.isEmpty()) {
            problems.add("a configuration file is missing: run FILE");
        }
        if (command == Command.HELP && !operands.isEmpty() && Command.named(operands.get(0)) == null) {
            problems.add("unknown command " + operands.get(0) + suggestion(operands.get(0)));
        }
    }

    private String unexpected(String word) {
        boolean isCommandPlace = command == Command.BOOT && word.equals(words[0]);
        return isCommandPlace ? "unknown command " + word + suggestion(word) : "unexpected argument \"" + word + "\"";
    }

    private static String suggestion(String word) {
        List<String> commands = Stream.of(Command.values()).map(Command::word).filter(name -> name != null).toList();
        String nearest = NearestName.of(word, commands);
        return nearest == null ? ", commands are " + String.join(", ", commands) : ", did you mean " + nearest + "?";
    }

    private void checkOptionsBelong() {
        if (!command.takesOptions()) {
            given.values().forEach(typed ->
                    problems.add("option " + typed.name() + " does not go with the command " + command.word()));
        }
    }

    /** A hyphen and something that is no number: {@code -1} and {@code -} are values. */
    private static boolean looksLikeOption(String word) {
        return word.length() > 1 && word.charAt(0) == '-' && !Character.isDigit(word.charAt(1))
                && !Character.isWhitespace(word.charAt(word.startsWith("--") && word.length() > 2 ? 2 : 1));
    }

    /** The option's name at the start of the word. */
    private static String nameIn(String word) {
        if (word.startsWith("--")) {
            int equals = word.indexOf('=');
            return equals < 0 ? word : word.substring(0, equals);
        }
        return word.substring(0, 2);
    }

    private static String attachedValue(String word, String name) {
        if (word.length() == name.length()) {
            return null;
        }
        String rest = word.substring(name.length());
        return rest.startsWith("=") ? rest.substring(1) : rest;
    }
}
