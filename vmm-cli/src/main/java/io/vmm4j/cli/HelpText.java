package io.vmm4j.cli;

import java.io.PrintStream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** {@code --help}, by picocli from the {@link UsageModel}. */
final class HelpText {

    private HelpText() {
    }

    /** Prints the help of {@code command} for a program called {@code name}. */
    static void print(String name, Command command, PrintStream out) {
        find(UsageModel.of(name), command).usage(out, Ansi.OFF);
    }

    private static CommandLine find(CommandLine program, Command command) {
        if (command.word() == null) {
            return program;
        }
        return (command.parent() == null ? program : find(program, command.parent())).getSubcommands().get(command.word());
    }
}
