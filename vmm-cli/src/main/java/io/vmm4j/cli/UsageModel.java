package io.vmm4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The command line as picocli's model, made from {@link Command} and {@link CliOption}, for help, completion and manual. */
public final class UsageModel {

    private static final int COLUMNS = 80;
    private static final int LONGEST_OPTION_COLUMN = 28;

    private UsageModel() {
    }

    /** The model of the program when it is called {@code name}, with all that help says. */
    public static CommandLine of(String name) {
        CommandSpec spec = explained(Command.BOOT).name(name);
        addCommands(spec, null);
        spec.usageMessage()
                .exitCodeListHeading("%nExit status:%n")
                .exitCodeList(exitCodes())
                .commandListHeading("%nCommands:%n")
                .footer("", "On the guest's console, Ctrl-A x ends the machine, Ctrl-A Ctrl-A sends one",
                        "Ctrl-A, and Ctrl-A h says so; every other key goes to the guest. In vmm console,",
                        "Ctrl-A d leaves the machine running.");
        return new CommandLine(spec);
    }

    private static void addCommands(CommandSpec spec, Command parent) {
        for (Command command : Command.values()) {
            if (command.word() != null && command.parent() == parent) {
                CommandSpec own = explained(command);
                addCommands(own, command);
                spec.addSubcommand(command.word(), own);
            }
        }
    }

    /**
     * The same for parsing {@code words}: without help's texts and without the commands that do not occur, which a start
     * would pay for, and without the grouping of options by subject, under which picocli would take an option given twice
     * for two groups.
     */
    static CommandLine forParsing(List<String> words) {
        CommandSpec spec = plain(Command.BOOT);
        for (Command command : Command.values()) {
            if (command.word() != null && command.parent() == null && words.contains(command.word())) {
                spec.addSubcommand(command.word(), plain(command));
            }
        }
        return new CommandLine(spec);
    }

    private static CommandSpec plain(Command command) {
        CommandSpec spec = frame(command, false);
        // Those of other commands too: an option may stand in front of its command's word, and is refused by name elsewhere.
        for (CliOption option : CliOption.values()) {
            spec.addOption(model(option).build());
        }
        return spec;
    }

    private static CommandSpec explained(Command command) {
        CommandSpec spec = frame(command, true);
        spec.usageMessage().description(command.summary())
                .width(COLUMNS)
                .longOptionsMaxWidth(LONGEST_OPTION_COLUMN)
                .sortOptions(false)
                .abbreviateSynopsis(true);
        addGroupedOptions(spec, command);
        return spec;
    }

    /**
     * What a command takes beside the options of {@link CliOption}.
     *
     * @param isExplained for help; else for parsing, where the words behind {@code snapshot} may be anything
     */
    private static CommandSpec frame(Command command, boolean isExplained) {
        CommandSpec spec = CommandSpec.create();
        spec.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).arity("0").type(boolean.class)
                .description("Show this help and exit.").build());
        switch (command) {
            case BOOT -> spec.addOption(OptionSpec.builder("-V", "--version").versionHelp(true).arity("0")
                    .type(boolean.class).description("Show the version and exit.").build());
            case RUN -> spec.addPositional(PositionalParamSpec.builder().paramLabel("FILE").arity("1").index("0")
                    .type(Path.class)
                    .description("The machine as JSON, under the keys of Firecracker's configuration file.").build());
            case HELP -> spec.addPositional(PositionalParamSpec.builder().paramLabel("COMMAND").arity("0..1").index("0")
                    .type(String.class).completionCandidates(commandWords())
                    .description("The command to explain.").build());
            case SNAPSHOT -> {
                if (isExplained) {
                    spec.addPositional(directory("DIR", "0", "The directory to make. One called as a command below is meant as ./info."));
                    spec.addPositional(PositionalParamSpec.builder().paramLabel("NAME").arity("0..1").index("1").type(String.class)
                            .description("The machine's name.").build());
                } else {
                    spec.addPositional(PositionalParamSpec.builder().paramLabel("WORD").arity("0..*").index("0..*").type(String[].class).build());
                }
            }
            case SNAPSHOT_INFO, SNAPSHOT_VERIFY -> spec.addPositional(directory("DIR", "0", "The snapshot."));
            case SNAPSHOT_MERGE -> {
                spec.addPositional(directory("BASE", "0", "The snapshot that the first diff is to."));
                spec.addPositional(directory("DIFF", "1", "A diff to it. Further ones may follow, each to the one before."));
                spec.addPositional(directory("OUT", "2", "The directory to make."));
            }
            case RESTORE -> spec.addPositional(directory("DIR", "0", "The snapshot."));
            case INFO, STATS, EVENTS, CONSOLE, PAUSE, RESUME, STOP, KILL, UPDATE -> spec.addPositional(machines(command));
            case SHELL -> {
                spec.addPositional(PositionalParamSpec.builder().paramLabel("KERNEL").arity("0..1").index("0").type(Path.class)
                        .description("Kernel image. Without one, the newest vmlinuz-VERSION in /boot.").build());
                spec.usageMessage().footer("", "Behind -- comes what the guest is to run in place of a shell, with its", "arguments. Its exit status is this command's then.");
            }
            case CREATE, PS, FIRECRACKER, DOCTOR -> { }
        }
        return spec;
    }

    private static PositionalParamSpec directory(String label, String index, String description) {
        return PositionalParamSpec.builder().paramLabel(label).arity("1").index(index).type(Path.class).description(description).build();
    }

    private static PositionalParamSpec machines(Command command) {
        return PositionalParamSpec.builder().paramLabel("NAME").arity(command.isForOne() ? "0..1" : "0..*").index(command.isForOne() ? "0" : "0..*")
                .type(command.isForOne() ? String.class : String[].class)
                .description(command.isForOne() ? "The machine's name." : "The machines' names.").build();
    }

    private static List<String> commandWords() {
        return Stream.of(Command.values()).filter(command -> command.parent() == null).map(Command::word).filter(Objects::nonNull).toList();
    }

    private static void addGroupedOptions(CommandSpec spec, Command command) {
        int order = 0;
        for (CliOption.Group group : CliOption.Group.values()) {
            List<CliOption> options = Stream.of(CliOption.values())
                    .filter(option -> option.group() == group && option.goesWith(command)).toList();
            if (!options.isEmpty()) {
                ArgGroupSpec.Builder section = ArgGroupSpec.builder()
                        .heading("%n" + group.heading() + ":%n")
                        .validate(false)
                        .order(order++);
                options.forEach(option -> section.addArg(explainedModel(option)));
                spec.addArgGroup(section.build());
            }
        }
    }

    private static OptionSpec.Builder model(CliOption option) {
        List<String> names = new ArrayList<>(option.longNames());
        if (option.shortName() != null) {
            names.add(0, option.shortName());
        }
        OptionSpec.Builder model = OptionSpec.builder(names.toArray(new String[0]))
                .paramLabel(option.value().label())
                .arity(option.isValueOptional() ? "0..1" : "1")
                .type(String.class);
        if (option.isRepeatable()) {
            model.type(List.class).auxiliaryTypes(String.class);
        }
        return option.isValueOptional() ? model.fallbackValue("true") : model;
    }

    private static OptionSpec explainedModel(CliOption option) {
        CliOption.Value value = option.value();
        OptionSpec.Builder model = value == CliOption.Value.PATH ? model(option).type(Path.class) : model(option);
        model.order(option.ordinal())
                .description(description(option));
        List<String> candidates = value.candidates();
        return (candidates.isEmpty() ? model : model.completionCandidates(candidates)).build();
    }

    private static String description(CliOption option) {
        return option.defaultText() == null ? option.description()
                : option.description() + " Default: " + option.defaultText();
    }

    private static Map<String, String> exitCodes() {
        Map<String, String> codes = new LinkedHashMap<>();
        for (ExitCode code : ExitCode.values()) {
            codes.put(Integer.toString(code.code()), code.meaning());
        }
        codes.put("129", "SIGHUP ended it");
        codes.put("130", "SIGINT ended it");
        codes.put("131", "SIGQUIT ended it");
        codes.put("134", "SIGABRT ended it");
        codes.put("143", "SIGTERM ended it, after up to --stop-timeout for the guest to power off");
        codes.put("152", "SIGXCPU ended it");
        return codes;
    }
}
