package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import io.vmm4j.core.control.NoMachineException;
import io.vmm4j.core.control.VcpuResizeException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The command that changes a running machine, by the socket that was made with it. */
final class UpdateCommand {

    /** Beyond what the machine itself waits for its guest. */
    private static final Duration PATIENCE = Vm.VCPU_RESIZE_TIME.plusSeconds(10);

    private final Consumer<String> errors;

    /** @param errors takes a line for each thing that is wrong */
    UpdateCommand(Consumer<String> errors) {
        this.errors = errors;
    }

    /** Does what the options say. */
    ExitCode run(Arguments arguments) {
        List<String> problems = new ArrayList<>(arguments.problems());
        require(CliOption.VCPU_RESIZE, "what to change is required", arguments, problems);
        int count = count(arguments, problems);
        if (!problems.isEmpty()) {
            problems.forEach(errors);
            return ExitCode.USAGE;
        }
        List<RunningMachine> meant = List.of();
        try {
            meant = RunningMachine.meantBy(arguments, errors);
            if (meant.isEmpty()) {
                return ExitCode.USAGE;
            }
            meant.get(0).client(PATIENCE).resizeVcpus(count);
            return ExitCode.OK;
        } catch (IllegalArgumentException e) {
            errors.accept(e.getMessage() + " (" + arguments.nameOf(CliOption.VCPU_RESIZE) + ")");
            return ExitCode.USAGE;
        } catch (NoMachineException e) {
            errors.accept(meant.get(0).whyNotThere() + socketOption(arguments));
            return ExitCode.HOST_ERROR;
        } catch (VcpuResizeException e) {
            errors.accept(e.getMessage());
            return ExitCode.HOST_ERROR;
        } catch (IOException e) {
            errors.accept(e.getMessage() + socketOption(arguments));
            return ExitCode.HOST_ERROR;
        }
    }

    private static String socketOption(Arguments arguments) {
        return arguments.value(CliOption.API_SOCK_PATH) == null ? "" : " (" + arguments.nameOf(CliOption.API_SOCK_PATH) + ")";
    }

    private static void require(CliOption option, String message, Arguments arguments, List<String> problems) {
        String value = arguments.value(option);
        if ((value == null || value.isEmpty()) && !arguments.garbled().contains(option)) {
            problems.add(message + " (" + option.longName() + ")");
        }
    }

    private static int count(Arguments arguments, List<String> problems) {
        String text = arguments.value(CliOption.VCPU_RESIZE);
        try {
            return text == null || text.isEmpty() ? 0 : Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            problems.add("vcpu count \"" + text + "\" is not a whole number of 32 bits (" + arguments.nameOf(CliOption.VCPU_RESIZE) + ")");
            return 0;
        }
    }
}
