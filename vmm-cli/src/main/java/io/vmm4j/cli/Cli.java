package io.vmm4j.cli;

import io.vmm4j.core.host.Shortage;
import io.vmm4j.devices.text.Printable;
import java.io.PrintStream;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The program, without the process around it. One command, once; not thread-safe. */
public final class Cli {

    private final String name;
    private final PrintStream out;
    private final PrintStream err;
    private final NativeWarmUp natives = new NativeWarmUp();
    private final SignalGuard guard = new SignalGuard(natives);
    private boolean isDetaching;
    private int guestStatus;

    /**
     * @param name what the program is called in messages and help
     * @param out  gets what was asked for
     * @param err  gets what went wrong, one line each
     */
    public Cli(String name, PrintStream out, PrintStream err) {
        this.name = name;
        this.out = out;
        this.err = err;
    }

    /** Does what {@code words} say, to the end of the machine if it starts one. */
    public ExitCode run(String... words) {
        if ((words.length > 1 || List.of(words).contains(Command.SHELL.word())) && !Detachment.isForLauncher(words)) {
            // Help, version and doctor take one word; what boots a machine takes more, but for a shell, and what has another process boot it only then.
            natives.start();
            SocketWarmUp.startFor(words);
        }
        LaunchLog log = new LaunchLog();
        try (guard; natives) {
            ExitCode exit = runReportingBugs(words, new BootCommand(this::say, out, log, guard), log);
            String trouble = log.close();
            if (trouble != null) {
                say(trouble);
            }
            return exit;
        }
    }

    /** True when a signal is ending the process, which then has the last word on its exit status. */
    boolean isShutDown() {
        return guard.isShutDown();
    }

    /** 128 plus the number of a signal that has ended the machine in order, or 0. */
    int signalStatus() {
        return guard.status();
    }

    /** The status of what {@code vmm shell} has had its guest run, 0 to 255; 0 when there was none. It counts when {@link #run} returned {@link ExitCode#OK}. */
    int guestStatus() {
        return guestStatus;
    }

    private ExitCode runReportingBugs(String[] words, BootCommand boot, LaunchLog log) {
        try {
            ExitCode exit = dispatch(ArgumentParser.parse(words), boot);
            if (words.length == 0) {
                say("see " + name + " --help");
            }
            if (!isDetaching && out.checkError()) {
                ExitCode lost = LostOutput.say(this::say);
                return exit == ExitCode.OK ? lost : exit;
            }
            return exit;
        } catch (RuntimeException | Error e) {
            String lack = Shortage.behind(e);
            if (lack != null) {
                say("the host refused: " + lack);
                return ExitCode.HOST_ERROR;
            }
            LoggerFactory.getLogger(Cli.class).error("internal error", e);
            say("internal error: " + e + "; the stack is in " + log.startForBug());
            return ExitCode.BUG;
        }
    }

    private ExitCode dispatch(Arguments arguments, BootCommand boot) {
        if (arguments.isVersion()) {
            out.println(name + " " + Version.text());
            return ExitCode.OK;
        }
        if (arguments.isHelp()) {
            return help(arguments.command());
        }
        return switch (arguments.command()) {
            case BOOT, CREATE, RUN -> Detachment.isForLauncher(arguments) ? detach() : boot(arguments, boot);
            case RESTORE -> Detachment.isForLauncher(arguments) ? detach() : new RestoreCommand(this::say, boot).run(arguments);
            case SHELL -> {
                ShellCommand shell = new ShellCommand(this::say, boot, guard);
                ExitCode exit = shell.run(arguments);
                guestStatus = shell.status();
                yield exit;
            }
            case PS -> arguments.problems().isEmpty() ? new ListCommand(out, this::say).run(arguments) : usage(arguments.problems());
            case INFO, STATS, EVENTS, PAUSE, RESUME, STOP, KILL -> new MachineCommands(out, this::say).run(arguments);
            case CONSOLE -> {
                // Which changes the terminal.
                natives.await();
                yield new ConsoleCommand(this::say).run(arguments);
            }
            case SNAPSHOT -> new SnapshotCommand(err, this::say).run(arguments);
            case SNAPSHOT_INFO, SNAPSHOT_VERIFY, SNAPSHOT_MERGE -> {
                // Which a signal ends in order.
                natives.await();
                yield new SnapshotFiles(out, err, this::say).run(arguments);
            }
            case UPDATE -> new UpdateCommand(this::say).run(arguments);
            case FIRECRACKER -> usage(List.of("firecracker has to be the first word"));
            case DOCTOR -> arguments.problems().isEmpty() ? doctor() : usage(arguments.problems());
            case HELP -> arguments.problems().isEmpty() ? help(subject(arguments)) : usage(arguments.problems());
        };
    }

    private ExitCode detach() {
        // The machine runs whether somebody reads its name or not, which is what the status is about.
        isDetaching = true;
        return new DetachCommand(out, this::say, natives::start).run();
    }

    private ExitCode boot(Arguments arguments, BootCommand boot) {
        if (arguments.command() == Command.RUN) {
            return boot.runFile(arguments);
        }
        if (!RootOption.isSource(arguments)) {
            return boot.create(arguments);
        }
        ShellCommand shell = new ShellCommand(this::say, boot, guard);
        ExitCode exit = shell.create(arguments);
        guestStatus = shell.status();
        return exit;
    }

    private static Command subject(Arguments arguments) {
        return arguments.operands().isEmpty() ? Command.BOOT : Command.named(arguments.operands().get(0));
    }

    private ExitCode help(Command command) {
        HelpText.print(name, command, out);
        return ExitCode.OK;
    }

    private ExitCode doctor() {
        return Doctor.ofThisHost(out).examine() ? ExitCode.OK : ExitCode.KVM_UNAVAILABLE;
    }

    private ExitCode usage(List<String> problems) {
        problems.forEach(this::say);
        return ExitCode.USAGE;
    }

    /** A message may quote an option, a path, a file or the host, whose text is not to drive the terminal. */
    private void say(String line) {
        err.println(Printable.line(name + ": " + line));
    }
}
