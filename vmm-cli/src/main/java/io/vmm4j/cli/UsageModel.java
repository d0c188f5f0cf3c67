package io.vmm4j.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The command line as picocli's model, made from {@link Command} and {@link CliOption}, for help, completion and manual. */
public final class UsageModel {

    private static final int COLUMNS = 80;
    private static final int LONGEST_OPTION_COLUMN = 28;

    private UsageModel() {
    }

    /** The model of the program when it is called {@code name}. */
    public static CommandLine of(String name) {
        return program(name, UsageModel::addGroupedOptions);
    }

    /** The same without the grouping of options by subject, under which picocli would take an option given twice for two groups. */
    static CommandLine forParsing() {
        return program("vmm", UsageModel::addOptions);
    }

    private static CommandLine program(String name, UnaryOperator<CommandSpec> bootOptions) {
        CommandSpec spec = bootOptions.apply(command(Command.BOOT).name(name));
        spec.addOption(OptionSpec.builder("-V", "--version").versionHelp(true).arity("0").type(boolean.class)
                .description("Show the version and exit.").build());
        spec.addSubcommand(Command.CREATE.word(), bootOptions.apply(command(Command.CREATE)));
        spec.addSubcommand(Command.RUN.word(), command(Command.RUN).addPositional(PositionalParamSpec.builder()
                .paramLabel("FILE").arity("1").index("0").type(Path.class)
                .description("The machine as JSON, under the keys of Firecracker's configuration file.").build()));
        spec.addSubcommand(Command.DOCTOR.word(), command(Command.DOCTOR));
        spec.addSubcommand(Command.HELP.word(), command(Command.HELP).addPositional(PositionalParamSpec.builder()
                .paramLabel("COMMAND").arity("0..1").index("0").type(String.class)
                .completionCandidates(Stream.of(Command.values()).map(Command::word).filter(word -> word != null).toList())
                .description("The command to explain.").build()));
        spec.usageMessage()
                .exitCodeListHeading("%nExit status:%n")
                .exitCodeList(exitCodes())
                .commandListHeading("%nCommands:%n")
                .footer("", "On the guest's console, Ctrl-A x ends the machine, Ctrl-A Ctrl-A sends one",
                        "Ctrl-A, and Ctrl-A h says so; every other key goes to the guest.");
        return new CommandLine(spec);
    }

    private static CommandSpec command(Command command) {
        CommandSpec spec = CommandSpec.create();
        if (command.word() != null) {
            spec.name(command.word());
        }
        spec.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).arity("0").type(boolean.class)
                .description("Show this help and exit.").build());
        UsageMessageSpec usage = spec.usageMessage();
        usage.description(command.summary())
                .width(COLUMNS)
                .longOptionsMaxWidth(LONGEST_OPTION_COLUMN)
                .sortOptions(false)
                .abbreviateSynopsis(true);
        return spec;
    }

    private static CommandSpec addOptions(CommandSpec spec) {
        for (CliOption option : CliOption.values()) {
            spec.addOption(model(option));
        }
        return spec;
    }

    private static CommandSpec addGroupedOptions(CommandSpec spec) {
        int order = 0;
        for (CliOption.Group group : CliOption.Group.values()) {
            ArgGroupSpec.Builder section = ArgGroupSpec.builder()
                    .heading("%n" + group.heading() + ":%n")
                    .validate(false)
                    .order(order++);
            for (CliOption option : CliOption.values()) {
                if (option.group() == group) {
                    section.addArg(model(option));
                }
            }
            spec.addArgGroup(section.build());
        }
        return spec;
    }

    private static OptionSpec model(CliOption option) {
        String[] names = Stream.concat(Stream.ofNullable(option.shortName()), option.longNames().stream())
                .toArray(String[]::new);
        CliOption.Value value = option.value();
        OptionSpec.Builder model = OptionSpec.builder(names)
                .paramLabel(value.label())
                .arity(option.isValueOptional() ? "0..1" : "1")
                .type(value == CliOption.Value.PATH ? Path.class : String.class)
                .order(option.ordinal())
                .description(description(option));
        List<String> candidates = value.candidates();
        if (option.isValueOptional()) {
            model.fallbackValue("true");
        }
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
        codes.put("143", "SIGTERM ended it");
        return codes;
    }
}
