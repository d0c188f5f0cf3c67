package io.vmm4j.cli;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A command line taken apart: words only, nothing converted.
 *
 * @param command   what is asked for
 * @param isHelp    whether help is asked for instead of doing it
 * @param isVersion whether the version is asked for
 * @param given     options by what was typed
 * @param operands  words that are no options: the configuration file of {@code run}, the command of {@code help}, names of machines,
 *                  directories of snapshots
 * @param guestWords what follows on {@code --} behind {@code shell}: a program for the guest and its arguments
 * @param problems  lines for the user, in the order of the command line
 * @param garbled   options that were meant but could not be read; saying that they are missing would mislead
 */
record Arguments(Command command, boolean isHelp, boolean isVersion, Map<CliOption, Given> given,
        List<String> operands, List<String> guestWords, List<String> problems, Set<CliOption> garbled) {

    /**
     * One option on the command line.
     *
     * @param name   the long name the user chose, or the option's first where a short flag was typed
     * @param values its values, more than one where the option may be given several times
     */
    record Given(String name, List<String> values) {

        Given {
            values = List.copyOf(values);
        }

        /** The first value. */
        String value() {
            return values.get(0);
        }
    }

    Arguments {
        given = Map.copyOf(given);
        operands = List.copyOf(operands);
        guestWords = List.copyOf(guestWords);
        problems = List.copyOf(problems);
        garbled = Set.copyOf(garbled);
    }

    /** The words that mean machines. */
    List<String> machines() {
        return command == Command.SNAPSHOT ? operands.subList(Math.min(1, operands.size()), operands.size()) : operands;
    }

    /** The value typed for {@code option}, or {@code null}. */
    String value(CliOption option) {
        Given typed = given.get(option);
        return typed == null ? null : typed.value();
    }

    /** All that were typed for {@code option}, in their order. */
    List<String> values(CliOption option) {
        Given typed = given.get(option);
        return typed == null ? List.of() : typed.values();
    }

    /** Whether the flag {@code option} was given. */
    boolean isSet(CliOption option) {
        return "true".equals(value(option));
    }

    /** What the user calls {@code option}. */
    String nameOf(CliOption option) {
        Given typed = given.get(option);
        return typed == null ? option.longName() : typed.name();
    }
}
