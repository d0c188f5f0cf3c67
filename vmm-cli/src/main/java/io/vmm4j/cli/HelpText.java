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
        CommandLine program = UsageModel.of(name);
        CommandLine subject = command.word() == null ? program : program.getSubcommands().get(command.word());
        subject.usage(out, Ansi.OFF);
    }
}
