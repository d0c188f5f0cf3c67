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
            script.append("  ").append(command.name()).append(")\n    _arguments").append(arguments(command, "      "))
                    .append("\n    ;;\n");
        }
        return script.append("  esac\n  ;;\nesac\n").toString();
    }

    private static String arguments(CommandSpec command, String indentation) {
        StringBuilder all = new StringBuilder();
        for (OptionSpec option : command.options()) {
            all.append(NEXT).append(indentation).append(option(option));
        }
        for (PositionalParamSpec operand : command.positionalParameters()) {
            all.append(NEXT).append(indentation)
                    .append(quoted((operand.arity().max() > 1 ? "*" : operand.arity().min() == 0 ? "1:" : "1") + value(operand)));
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

    private static String bracketed(String text) {
        StringBuilder escaped = new StringBuilder();
        text.chars().forEach(c -> escaped.append("[]\\:".indexOf(c) < 0 ? "" : "\\").append((char) c));
        return escaped.toString();
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
