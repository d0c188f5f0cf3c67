package io.vmm4j.cli;

import io.vmm4j.core.control.ControlClient;
import io.vmm4j.core.control.MachineInfo;
import io.vmm4j.core.control.NoMachineException;
import io.vmm4j.core.host.ConsoleClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** {@code vmm console}: this terminal at the console of a running machine. */
final class ConsoleCommand {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** For what is asked while a person types. */
    private static final Duration SHORT = Duration.ofSeconds(2);

    private final Consumer<String> errors;

    ConsoleCommand(Consumer<String> errors) {
        this.errors = errors;
    }

    ExitCode run(Arguments arguments) {
        if (!arguments.problems().isEmpty()) {
            arguments.problems().forEach(errors);
            return ExitCode.USAGE;
        }
        try {
            List<RunningMachine> meant = RunningMachine.meantBy(arguments, errors);
            return meant.isEmpty() ? ExitCode.USAGE : attachOrSay(meant.get(0));
        } catch (IOException e) {
            return say(e.getMessage(), ExitCode.HOST_ERROR);
        }
    }

    private ExitCode attachOrSay(RunningMachine machine) {
        try {
            return attach(machine);
        } catch (NoMachineException e) {
            return say(machine.whyNotThere(), ExitCode.HOST_ERROR);
        } catch (IOException e) {
            return say(machine.label() + ": " + e.getMessage(), ExitCode.HOST_ERROR);
        }
    }

    private ExitCode attach(RunningMachine machine) throws IOException {
        MachineInfo info = machine.client(PATIENCE).info();
        if (info.console() == null) {
            errors.accept("machine " + machine.label() + " has no console on a socket: it was started in a terminal of its own, or without one");
            return ExitCode.HOST_ERROR;
        }
        ConsoleClient.End end = new ConsoleClient(info.hasWindow() ? (columns, rows) -> tell(machine, columns, rows) : null).attach(Path.of(info.console()));
        return switch (end) {
            case LEFT -> say("machine " + machine.label() + " goes on", ExitCode.OK);
            case STOP_ASKED -> kill(machine);
            case CLOSED -> closed(machine);
            case BUSY -> say("another client is connected to the console of machine " + machine.label(), ExitCode.HOST_ERROR);
            case OUTPUT_LOST -> LostOutput.say(errors);
        };
    }

    private static void tell(RunningMachine machine, int columns, int rows) {
        try {
            machine.client(SHORT).resizeConsole(columns, rows);
        } catch (IOException e) {
            LoggerFactory.getLogger(ConsoleCommand.class).debug("the terminal's size was not passed on: {}", e.getMessage());
        }
    }

    private ExitCode say(String line, ExitCode exit) {
        errors.accept(line);
        return exit;
    }

    private ExitCode kill(RunningMachine machine) throws IOException {
        ControlClient.End end = machine.client(PATIENCE).kill();
        return say(end.message().startsWith(machine.label() + ": ") ? end.message() : machine.label() + ": " + end.message(), ExitCode.OK);
    }

    private ExitCode closed(RunningMachine machine) throws IOException {
        try {
            String state = machine.client(PATIENCE).info().state();
            return say("machine " + machine.label() + (state.startsWith("stop") ? " has ended" : " has closed its console"), ExitCode.OK);
        } catch (NoMachineException e) {
            return say("machine " + machine.label() + " has ended", ExitCode.OK);
        }
    }
}
