package io.vmm4j.cli;

import io.vmm4j.core.control.NoMachineException;
import io.vmm4j.core.control.SnapshotOrder;
import io.vmm4j.core.control.SnapshotProgress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** {@code vmm snapshot}: has a running machine save itself as a directory, which that machine's process makes. */
final class SnapshotCommand {

    /** For a machine that is busy. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final PrintStream err;
    private final Consumer<String> errors;

    /**
     * @param err    shows how far it is, where that is a terminal
     * @param errors takes a line for each thing that is wrong
     */
    SnapshotCommand(PrintStream err, Consumer<String> errors) {
        this.err = err;
        this.errors = errors;
    }

    ExitCode run(Arguments arguments) {
        List<String> problems = new ArrayList<>(arguments.problems());
        if (arguments.isSet(CliOption.PAUSE) && arguments.isSet(CliOption.STOP)) {
            problems.add("give --pause or --stop");
        }
        SnapshotOrder order = problems.isEmpty() ? order(arguments, problems) : null;
        if (order == null) {
            problems.forEach(errors);
            return ExitCode.USAGE;
        }
        try {
            List<RunningMachine> meant = RunningMachine.meantBy(arguments, line -> errors.accept(line + hint(arguments)));
            return meant.isEmpty() ? ExitCode.USAGE : ask(meant.get(0), order, arguments);
        } catch (IOException e) {
            errors.accept(e.getMessage());
            return ExitCode.HOST_ERROR;
        }
    }

    /** Paths are this process's, and the machine's may be in another directory. */
    private static SnapshotOrder order(Arguments arguments, List<String> problems) {
        try {
            String base = arguments.value(CliOption.DIFF_OF);
            SnapshotOrder.Then then = arguments.isSet(CliOption.STOP) ? SnapshotOrder.Then.STOP
                    : arguments.isSet(CliOption.PAUSE) ? SnapshotOrder.Then.PAUSE : SnapshotOrder.Then.GO_ON;
            return new SnapshotOrder(Path.of(arguments.operands().get(0)).toAbsolutePath(), base == null ? null : Path.of(base).toAbsolutePath(),
                    arguments.isSet(CliOption.REPLACE), then);
        } catch (InvalidPathException e) {
            problems.add("\"" + e.getInput() + "\" cannot be a path here: " + e.getReason());
            return null;
        }
    }

    /** Who puts the machine first has a path for its name. */
    private static String hint(Arguments arguments) {
        return arguments.machines().stream().anyMatch(name -> name.indexOf('/') >= 0) ? ": the directory comes first, snapshot DIR NAME" : "";
    }

    private ExitCode ask(RunningMachine machine, SnapshotOrder order, Arguments arguments) {
        AtomicBoolean isOver = new AtomicBoolean();
        ProgressLine line = ProgressLine.onTerminal(err, "saving");
        Thread hook = new Thread(() -> {
            if (!isOver.get()) {
                line.close();
                errors.accept("the snapshot of machine " + machine.label() + " is given up, unless all of it was written; the machine goes on");
            }
        }, "vmm-signal");
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException e) {
            // A signal ends the process already, before anything was asked for.
            return ExitCode.HOST_ERROR;
        }
        Listener listener = new Listener(line);
        try (line) {
            machine.client(PATIENCE).snapshot(order, listener);
        } catch (NoMachineException e) {
            listener.line = machine.whyNotThere();
        } catch (IOException e) {
            listener.line = e.getMessage();
        }
        isOver.set(true);
        if (listener.line != null) {
            boolean isLabelled = listener.isLabelled && !listener.line.startsWith(machine.label() + ": ");
            errors.accept((isLabelled ? machine.label() + ": " : "") + listener.line + (listener.exit == ExitCode.USAGE ? option(arguments, listener.line) : ""));
        }
        return listener.exit;
    }

    /** What a refusal is about, when it is told by the words. */
    private static String option(Arguments arguments, String line) {
        String base = arguments.value(CliOption.DIFF_OF);
        return base != null && line.startsWith(Path.of(base).toAbsolutePath().toString()) ? " (" + arguments.nameOf(CliOption.DIFF_OF) + ")" : "";
    }

    /** What has come of it. Confined to one thread. */
    private static final class Listener implements SnapshotProgress {

        private final ProgressLine progress;
        private ExitCode exit = ExitCode.HOST_ERROR;
        private String line;
        private boolean isLabelled;

        Listener(ProgressLine progress) {
            this.progress = progress;
        }

        @Override
        public void saved(long bytes, long of) {
            progress.show(bytes, of);
        }

        @Override
        public void done(String id, String note) {
            exit = ExitCode.OK;
            line = note;
            isLabelled = true;
        }

        @Override
        public void failed(boolean isRequest, String why) {
            exit = isRequest ? ExitCode.USAGE : ExitCode.HOST_ERROR;
            line = why;
            isLabelled = true;
        }
    }
}
