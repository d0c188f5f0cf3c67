package io.vmm4j.cli.docs;

import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The completion of fish: a {@code complete} line for each command and each option where it is taken. */
public final class FishCompletion {

    private final String program;
    private final StringBuilder script = new StringBuilder();

    private FishCompletion(String program) {
        this.program = program;
    }

    /** The script for the program called {@code name}, whose model is {@code model}. */
    public static String of(String name, CommandLine model) {
        return new FishCompletion(name).write(model);
    }

    private String write(CommandLine model) {
        script.append("# Completion of ").append(program).append(" for fish. Made from its table of options.\n");
        line("-f", null);
        List<CommandSpec> commands = CompletionModel.commands(model);
        String words = String.join(" ", commands.stream().map(CommandSpec::name).toList());
        String noneYet = "not __fish_seen_subcommand_from " + words;
        for (CommandSpec command : commands) {
            line("-n " + quoted(noneYet) + " -a " + quoted(command.name()), CompletionModel.summary(command));
        }
        options(model.getCommandSpec(), noneYet);
        for (CommandSpec command : commands) {
            // "help run" is about run, and not the command run; "snapshot info" is none about a machine.
            String elsewhere = commands.stream().filter(other -> isBehind(other, command.name())).map(other -> "; and not " + seen(other.name()))
                    .collect(Collectors.joining());
            command(command, seen(command.name()) + elsewhere);
        }
        return script.toString();
    }

    private static String seen(String words) {
        return "__fish_seen_subcommand_from " + words;
    }

    private static boolean isBehind(CommandSpec command, String word) {
        return CompletionModel.commandsBehind(command).stream().anyMatch(behind -> behind.name().equals(word));
    }

    private void command(CommandSpec command, String condition) {
        List<CommandSpec> behind = CompletionModel.commandsBehind(command);
        String own = behind.isEmpty() ? condition
                : condition + "; and not " + seen(String.join(" ", behind.stream().map(CommandSpec::name).toList()));
        for (CommandSpec each : behind) {
            line("-n " + quoted(own) + " -a " + quoted(each.name()), CompletionModel.summary(each));
            command(each, condition + "; and " + seen(each.name()));
        }
        options(command, own);
        for (PositionalParamSpec operand : command.positionalParameters()) {
            if (CompletionModel.isPath(operand)) {
                line("-n " + quoted(own) + " -F", null);
            } else if (!CompletionModel.candidates(operand).isEmpty()) {
                line("-n " + quoted(own) + " -a " + quoted(String.join(" ", CompletionModel.candidates(operand))),
                        CompletionModel.summary(operand));
            }
        }
    }

    private void options(CommandSpec command, String condition) {
        for (OptionSpec option : command.options()) {
            StringBuilder line = new StringBuilder("-n ").append(quoted(condition));
            for (String name : option.names()) {
                line.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
            }
            List<String> candidates = CompletionModel.candidates(option);
            if (CompletionModel.hasValue(option)) {
                // Without -r a value stands behind an equals sign, or not at all.
                line.append(CompletionModel.isValueOptional(option) ? "" : " -r")
                        .append(CompletionModel.isPath(option) ? " -F" : " -f")
                        .append(candidates.isEmpty() ? "" : " -a " + quoted(String.join(" ", candidates)));
            }
            line(line.toString(), CompletionModel.summary(option));
        }
    }

    private void line(String what, String description) {
        script.append("complete -c ").append(program).append(' ').append(what);
        if (description != null) {
            script.append(" -d ").append(quoted(description));
        }
        script.append('\n');
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
