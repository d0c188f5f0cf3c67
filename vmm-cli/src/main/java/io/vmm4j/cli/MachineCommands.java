package io.vmm4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.core.control.ControlClient;
import io.vmm4j.core.control.ControlRefusedException;
import io.vmm4j.core.control.MachineInfo;
import io.vmm4j.core.control.NoMachineException;
import io.vmm4j.core.host.StandardOutput;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/** The commands that ask running machines for something, all at once, and report in the order of the command line. */
final class MachineCommands {

    /** For a machine that is busy, such as with bringing in its memory. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int AT_ONCE = 16;

    /** What became of one request. */
    private record Outcome(ExitCode exit, String output, String error) {
    }

    /** Nobody reads the output, or it cannot be written. */
    private static final Outcome LOST = new Outcome(ExitCode.HOST_ERROR, null, null);

    private interface Request {
        Outcome of(RunningMachine machine) throws IOException;
    }

    private final PrintStream out;
    private final Consumer<String> errors;

    /**
     * @param out    gets what was asked for
     * @param errors takes a line for each thing that is wrong
     */
    MachineCommands(PrintStream out, Consumer<String> errors) {
        this.out = out;
        this.errors = errors;
    }

    ExitCode run(Arguments arguments) {
        List<String> problems = new ArrayList<>(arguments.problems());
        Duration timeout = StopTimeout.of(CliOption.TIMEOUT, arguments, problems::add);
        boolean isPrometheus = arguments.isSet(CliOption.PROMETHEUS);
        if (isPrometheus && arguments.isSet(CliOption.JSON)) {
            problems.add("give --json or --prometheus");
        }
        if (isPrometheus && arguments.operands().size() > 1) {
            problems.add("Prometheus' format is of one machine, and " + arguments.operands().size() + " are meant (--prometheus)");
        }
        if (!problems.isEmpty()) {
            problems.forEach(errors);
            return ExitCode.USAGE;
        }
        try {
            List<RunningMachine> machines = RunningMachine.meantBy(arguments, errors);
            return machines.isEmpty() ? ExitCode.USAGE : ask(machines, arguments, timeout);
        } catch (IOException e) {
            errors.accept(e.getMessage());
            return ExitCode.HOST_ERROR;
        }
    }

    private ExitCode ask(List<RunningMachine> machines, Arguments arguments, Duration timeout) {
        boolean isJson = arguments.isSet(CliOption.JSON);
        boolean isPrometheus = arguments.isSet(CliOption.PROMETHEUS);
        return switch (arguments.command()) {
            case INFO -> each(machines, arguments, machine -> done(info(machine, isJson)));
            case STATS -> each(machines, arguments, machine -> done(isPrometheus ? machine.client(PATIENCE).prometheus().strip() : stats(machine, isJson)));
            case EVENTS -> events(machines.get(0));
            case PAUSE -> each(machines, arguments, machine -> {
                machine.client(PATIENCE).pause();
                return done(null);
            });
            case RESUME -> each(machines, arguments, machine -> {
                machine.client(PATIENCE).resume();
                return done(null);
            });
            case STOP -> each(machines, arguments, machine -> stopped(machine, machine.client(PATIENCE.plus(timeout)).stop(timeout), isJson));
            case KILL -> each(machines, arguments, machine -> killed(machine, isJson));
            default -> throw new IllegalArgumentException("no command for a running machine: " + arguments.command());
        };
    }

    private static Outcome done(String output) {
        return new Outcome(ExitCode.OK, output, null);
    }

    private ExitCode each(List<RunningMachine> machines, Arguments arguments, Request request) {
        boolean isJson = arguments.isSet(CliOption.JSON);
        ExecutorService askers = Executors.newFixedThreadPool(Math.min(AT_ONCE, machines.size()), task -> {
            Thread thread = new Thread(task, "vmm-ask");
            thread.setDaemon(true);
            return thread;
        });
        List<CompletableFuture<Outcome>> outcomes = machines.stream()
                .map(machine -> CompletableFuture.supplyAsync(() -> isJson ? withJson(machine, outcome(machine, request)) : outcome(machine, request), askers))
                .toList();
        boolean isOfLines = !isJson && (arguments.command() == Command.INFO || arguments.command() == Command.STATS);
        boolean isFirst = true;
        ExitCode exit = ExitCode.OK;
        for (CompletableFuture<Outcome> asked : outcomes) {
            Outcome outcome = asked.join();
            if (outcome.output() != null) {
                out.print(isOfLines && !isFirst ? System.lineSeparator() : "");
                out.println(outcome.output());
                isFirst = false;
            }
            if (outcome.error() != null) {
                errors.accept(outcome.error());
            }
            exit = exit == ExitCode.OK ? outcome.exit() : exit;
        }
        return exit;
    }

    /** With a line for a script also where there is no answer. */
    private static Outcome withJson(RunningMachine machine, Outcome outcome) {
        return outcome.output() != null ? outcome
                : new Outcome(outcome.exit(), named(machine).put("error", outcome.error()).toString(), outcome.error());
    }

    /** An object that says of which machine it is; one that was meant by its socket has told nobody its name. */
    private static ObjectNode named(RunningMachine machine) {
        return new JsonMapper().createObjectNode().put(machine.directory() == null ? "socket" : "name", machine.label());
    }

    private static Outcome outcome(RunningMachine machine, Request request) {
        try {
            return request.of(machine);
        } catch (NoMachineException e) {
            return new Outcome(ExitCode.HOST_ERROR, null, machine.whyNotThere());
        } catch (IOException e) {
            return new Outcome(ExitCode.HOST_ERROR, null, labelled(machine, e.getMessage()));
        }
    }

    /** Many a line says already which machine it is of. */
    private static String labelled(RunningMachine machine, String line) {
        boolean isNamed = line.startsWith(machine.label() + ": ") || machine.directory() == null && line.contains("the socket " + machine.label());
        return isNamed ? line : machine.label() + ": " + line;
    }

    private static Outcome stopped(RunningMachine machine, ControlClient.End end, boolean isJson) {
        ExitCode exit = end.obeyed() ? ExitCode.OK : ExitCode.HOST_ERROR;
        if (isJson) {
            return new Outcome(exit, endJson(machine, end), null);
        }
        String line = labelled(machine, end.message());
        return end.obeyed() ? done(line) : new Outcome(exit, null, line);
    }

    private static Outcome killed(RunningMachine machine, boolean isJson) throws IOException {
        try {
            ControlClient.End end = machine.client(PATIENCE).kill();
            return done(isJson ? endJson(machine, end) : null);
        } catch (NoMachineException | ControlRefusedException e) {
            throw e;
        } catch (IOException e) {
            return killedSilent(machine, e, isJson);
        }
    }

    /** One whose process is suspended, or hangs. */
    private static Outcome killedSilent(RunningMachine machine, IOException why, boolean isJson) throws IOException {
        ControlClient.End end;
        try {
            end = new ControlClient.End(false, "it did not answer, so its process " + machine.killProcess() + " was killed (SIGKILL)");
        } catch (IOException e) {
            throw new IOException(why.getMessage() + "; " + e.getMessage(), why);
        }
        return isJson ? done(endJson(machine, end)) : new Outcome(ExitCode.OK, null, labelled(machine, end.message()));
    }

    private static String endJson(RunningMachine machine, ControlClient.End end) {
        return new JsonMapper().createObjectNode().put("machine", machine.label()).put("obeyed", end.obeyed()).put("message", end.message()).toString();
    }

    private static String info(RunningMachine machine, boolean isJson) throws IOException {
        MachineInfo info = machine.client(PATIENCE).info();
        return isJson ? info.json() : flat(info.json());
    }

    private static String stats(RunningMachine machine, boolean isJson) throws IOException {
        ObjectNode stats = machine.directory() == null ? new JsonMapper().createObjectNode() : named(machine);
        stats.setAll((ObjectNode) new JsonMapper().readTree(machine.client(PATIENCE).stats()));
        return isJson ? stats.toString() : flat(stats.toString());
    }

    /** A line for each value, behind the keys that lead to it. */
    private static String flat(String json) throws IOException {
        List<String> lines = new ArrayList<>();
        flatten("", new JsonMapper().readTree(json), lines);
        return String.join(System.lineSeparator(), lines);
    }

    private static void flatten(String path, JsonNode node, List<String> lines) {
        if (!(node instanceof ObjectNode object)) {
            lines.add(path + ": " + node.asText());
            return;
        }
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            flatten(path.isEmpty() ? field.getKey() : path + "." + field.getKey(), field.getValue(), lines);
        }
    }

    private ExitCode events(RunningMachine machine) {
        CompletableFuture<Outcome> end = new CompletableFuture<>();
        StandardOutput.whenReaderGone(() -> end.complete(LOST));
        Thread listener = new Thread(() -> end.complete(listen(machine)), "vmm-ask");
        listener.setDaemon(true);
        listener.start();
        Outcome outcome = end.join();
        if (outcome.error() != null) {
            errors.accept(outcome.error());
        }
        return outcome.exit();
    }

    private Outcome listen(RunningMachine machine) {
        try {
            return outcome(machine, asked -> {
                asked.client(PATIENCE).listen(line -> {
                    out.println(line);
                    if (out.checkError()) {
                        throw new UncheckedIOException(new IOException("standard output cannot be written to"));
                    }
                });
                return done(null);
            });
        } catch (UncheckedIOException e) {
            return LOST; // said, as by all commands, by whoever prints for this one
        }
    }
}
