package io.vmm4j.cli.docs;

import java.util.List;
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
            // "help run" is about run, and not the command run.
            String seen = "__fish_seen_subcommand_from " + command.name();
            options(command, seen);
            for (PositionalParamSpec operand : command.positionalParameters()) {
                if (CompletionModel.isPath(operand)) {
                    line("-n " + quoted(seen) + " -F", null);
                } else if (!CompletionModel.candidates(operand).isEmpty()) {
                    line("-n " + quoted(seen) + " -a " + quoted(String.join(" ", CompletionModel.candidates(operand))),
                            CompletionModel.summary(operand));
                }
            }
        }
        return script.toString();
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
