package io.vmm4j.cli.docs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What the completion of a shell is made from: picocli's model of a command, asked as the writers for fish and zsh want to know it. */
final class CompletionModel {

    private CompletionModel() {
    }

    /** The commands of {@code program} in the order of help. */
    static List<CommandSpec> commands(CommandLine program) {
        return program.getSubcommands().values().stream().map(CommandLine::getCommandSpec).toList();
    }

    /** The commands whose word comes behind that of {@code command}. */
    static List<CommandSpec> commandsBehind(CommandSpec command) {
        return command.subcommands().values().stream().map(CommandLine::getCommandSpec).toList();
    }

    /** What a command does, in a sentence. */
    static String summary(CommandSpec command) {
        return firstSentence(command.usageMessage().description());
    }

    /** What an option or operand does, in its first sentence, without the full stop. */
    static String summary(ArgSpec argument) {
        return firstSentence(argument.description());
    }

    /** The words that an argument's value may be; empty where they cannot be listed. */
    static List<String> candidates(ArgSpec argument) {
        List<String> words = new ArrayList<>();
        if (argument.completionCandidates() != null) {
            argument.completionCandidates().forEach(words::add);
        }
        return words;
    }

    /** Whether an argument's value is the name of a file. */
    static boolean isPath(ArgSpec argument) {
        return argument.type() == Path.class;
    }

    /** Whether an option takes a value, which may be left out where {@link #isValueOptional} says so. */
    static boolean hasValue(OptionSpec option) {
        return option.arity().max() > 0;
    }

    /** Whether an option stands for {@code true} without a value. */
    static boolean isValueOptional(OptionSpec option) {
        return option.arity().min() == 0;
    }

    private static String firstSentence(String[] text) {
        String whole = String.join(" ", Arrays.asList(text));
        int end = whole.indexOf(". ");
        String sentence = end < 0 ? whole : whole.substring(0, end);
        int list = sentence.indexOf(": ");
        String brief = list < 0 ? sentence : sentence.substring(0, list);
        return brief.endsWith(".") ? brief.substring(0, brief.length() - 1) : brief;
    }
}
