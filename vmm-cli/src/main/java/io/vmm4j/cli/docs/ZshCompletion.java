package io.vmm4j.cli.docs;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The completion of zsh: a function that hands {@code _arguments} the options of the command typed. */
public final class ZshCompletion {

    private static final String NEXT = " \\\n";

    private ZshCompletion() {
    }

    /** The script for the programs called {@code names}, whose model is {@code model}. */
    public static String of(List<String> names, CommandLine model) {
        StringBuilder script = new StringBuilder("#compdef ").append(String.join(" ", names)).append('\n')
                .append("# Made from vmm's table of options.\n\n")
                .append("local curcontext=$curcontext state line\nlocal -a commands\ntypeset -A opt_args\ncommands=(\n");
        List<CommandSpec> commands = CompletionModel.commands(model);
        for (CommandSpec command : commands) {
            script.append("  ").append(quoted(command.name() + ":" + CompletionModel.summary(command).replace(":", "\\:"))).append('\n');
        }
        script.append(")\n\n_arguments -C").append(arguments(model.getCommandSpec(), "  "))
                .append(NEXT).append("  '1: :->command'").append(NEXT).append("  '*:: :->rest' && return\n\n")
                .append("case $state in\ncommand)\n  _describe -t commands command commands\n  ;;\nrest)\n  case $words[1] in\n");
        for (CommandSpec command : commands) {
            script.append("  ").append(command.name()).append(")\n");
            command(script, command);
            script.append("    ;;\n");
        }
        return script.append("  esac\n  ;;\nesac\n").toString();
    }

    private static void command(StringBuilder script, CommandSpec command) {
        List<CommandSpec> behind = CompletionModel.commandsBehind(command);
        if (behind.isEmpty()) {
            script.append("    _arguments").append(arguments(command, "      ")).append('\n');
            return;
        }
        // The word behind may be one of these, or anything.
        script.append("    case $(( CURRENT > 2 )):$words[2] in\n");
        for (CommandSpec each : behind) {
            script.append("    1:").append(each.name()).append(")\n      shift words\n      (( CURRENT-- ))\n      _arguments")
                    .append(arguments(each, "        ")).append("\n      ;;\n");
        }
        script.append("    *)\n      _arguments").append(arguments(command, "        ")).append("\n      ;;\n    esac\n");
    }

    private static String arguments(CommandSpec command, String indentation) {
        StringBuilder all = new StringBuilder();
        for (OptionSpec option : command.options()) {
            all.append(NEXT).append(indentation).append(option(option));
        }
        boolean isFirst = true;
        for (PositionalParamSpec operand : command.positionalParameters()) {
            String place = operand.arity().max() > 1 ? "*" : operand.index().min() + 1 + (operand.arity().min() == 0 ? ":" : "");
            List<CommandSpec> behind = isFirst ? CompletionModel.commandsBehind(command) : List.of();
            all.append(NEXT).append(indentation).append(quoted(place + (behind.isEmpty() ? value(operand) : valueOrCommand(operand, behind))));
            isFirst = false;
        }
        return all.toString();
    }

    private static String option(OptionSpec option) {
        String[] names = option.names();
        String exclusive = option.isMultiValue() ? "*" : names.length == 1 ? "" : "(" + String.join(" ", names) + ")";
        boolean hasValue = CompletionModel.hasValue(option);
        String rest = "[" + bracketed(CompletionModel.summary(option)) + "]"
                + (hasValue ? (CompletionModel.isValueOptional(option) ? ":" : "") + value(option) : "");
        List<String> spellings = new ArrayList<>();
        for (String name : names) {
            // A long name's value stands behind an equals sign or is the next word; one that may be left out is no word of its own.
            String suffix = !hasValue ? "" : !name.startsWith("--") ? "+" : CompletionModel.isValueOptional(option) ? "=-" : "=";
            spellings.add(quoted(exclusive + name + suffix + rest));
        }
        return String.join(" ", spellings);
    }

    /** A colon, what the value is called, a colon, and what completes it. */
    private static String value(ArgSpec argument) {
        List<String> candidates = CompletionModel.candidates(argument);
        String action = CompletionModel.isPath(argument) ? "_files" : candidates.isEmpty() ? " " : "(" + String.join(" ", candidates) + ")";
        return ":" + argument.paramLabel().replace(":", "\\:") + ":" + action;
    }

    private static String valueOrCommand(ArgSpec argument, List<CommandSpec> commands) {
        return ":" + argument.paramLabel() + ":_alternative \"commands:command:(" + String.join(" ", commands.stream().map(CommandSpec::name).toList())
                + ")\" \"files:file:_files\"";
    }

    private static String bracketed(String text) {
        StringBuilder escaped = new StringBuilder();
        text.chars().forEach(c -> escaped.append("[]\\:".indexOf(c) < 0 ? "" : "\\").append((char) c));
        return escaped.toString();
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
