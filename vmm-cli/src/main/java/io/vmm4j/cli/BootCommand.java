package io.vmm4j.cli;

import io.vmm4j.cli.log.LogFileCheck;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.Vm;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.LoggerConfig;
import io.vmm4j.core.config.SocketPlace;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VmConfigJson;
import io.vmm4j.core.control.ControlServer;
import io.vmm4j.core.control.MachineControl;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.SocketPlaceException;
import io.vmm4j.core.host.StandardOutput;
import io.vmm4j.core.rootfs.RootfsException;
import io.vmm4j.kvm.KvmException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/** The commands that boot a machine: from options, and from a configuration file. */
final class BootCommand {

    private static final String CONTROL_OPTION = " (" + CliOption.API_SOCK_PATH.longName() + ")";

    private final Consumer<String> errors;
    private final PrintStream out;
    private final LaunchLog log;
    private final SignalGuard guard;
    private Arguments arguments;
    private GuestUse use = new GuestUse() { };
    private MachineSource source = MachineSource.booting(use);
    private String unkeptLog;
    private String controlSocket;
    /** {@code null} for a machine that nobody can control. */
    private MachineControl control;
    private Duration stopTimeout;
    private boolean isInBackground;

    /**
     * @param errors takes a line for each thing that is wrong
     * @param out    gets the machine's name when it goes on in the background
     * @param log    started once the guest runs
     * @param guard  armed before there is anything that a signal must not leave behind
     */
    BootCommand(Consumer<String> errors, PrintStream out, LaunchLog log, SignalGuard guard) {
        this.errors = line -> report(errors, line);
        this.out = out;
        this.log = log;
        this.guard = guard;
    }

    /** Once in the background there is nobody to tell: the log has it then. */
    private void report(Consumer<String> user, String line) {
        if (isInBackground) {
            LoggerFactory.getLogger(BootCommand.class).error("{}", line);
        } else {
            user.accept(line);
        }
    }

    /** Boots what the options say. */
    ExitCode create(Arguments words) {
        arguments = words;
        OptionMapper mapper = new OptionMapper(arguments);
        mapper.requireWhatToBoot();
        List<String> problems = new ArrayList<>(mapper.problems());
        return create(words, mapper.config(), problems, mapper::describe, use);
    }

    /**
     * Boots what the options say, but for what {@code config} says: for a command of its own kind.
     *
     * @param problems what is wrong already, a line each
     * @param wording  puts a problem of the configuration into words
     * @param guestUse what is done with the machine
     */
    ExitCode create(Arguments words, VmConfig config, List<String> problems, Function<ConfigProblem, String> wording, GuestUse guestUse) {
        arguments = words;
        use = guestUse;
        source = MachineSource.booting(use);
        List<String> all = new ArrayList<>(problems);
        controlSocket = arguments.value(CliOption.API_SOCK_PATH);
        stopTimeout = StopTimeout.of(arguments, all::add);
        return boot(config, all, wording, arguments.value(CliOption.LOG_FILE) != null);
    }

    /** Has a machine go on from a snapshot. */
    ExitCode restore(Arguments words, MachineSource from, RestoreOptions options) {
        arguments = words;
        source = from;
        List<String> problems = new ArrayList<>(options.problems());
        controlSocket = arguments.value(CliOption.API_SOCK_PATH);
        stopTimeout = StopTimeout.of(arguments, problems::add);
        return boot(options.config(), problems, options::describe, arguments.value(CliOption.LOG_FILE) != null);
    }

    /** Boots what a configuration file says. */
    ExitCode runFile(Arguments words) {
        arguments = words;
        if (!arguments.problems().isEmpty()) {
            return refuse(arguments.problems());
        }
        String file = arguments.operands().get(0);
        controlSocket = arguments.value(CliOption.API_SOCK_PATH);
        List<String> problems = new ArrayList<>();
        stopTimeout = StopTimeout.of(arguments, problems::add);
        try {
            VmConfig config = withRoot(VmConfigJson.read(Path.of(file)));
            if (config == null) {
                return ExitCode.HOST_ERROR;
            }
            boolean isLogChosen = config.logger() != null && config.logger().logPath() != null;
            return boot(config, problems, problem -> problem + " in " + file, isLogChosen);
        } catch (ConfigException e) {
            e.problems().stream().map(problem -> describe(problem, file)).forEach(problems::add);
        } catch (IOException | InvalidPathException e) {
            if (isShortage(e)) {
                return ExitCode.HOST_ERROR;
            }
            problems.add("configuration file " + file + " " + VmConfigJson.whyUnreadable(file, e));
        }
        return refuse(problems);
    }

    /** The configuration with an image for a root that is named as a directory or an archive; {@code null} when there is none, which was said. */
    private VmConfig withRoot(VmConfig config) throws ConfigException {
        try {
            return RootOption.made(config);
        } catch (RootfsException e) {
            throw new ConfigException("drives", e.getMessage());
        } catch (IOException e) {
            errors.accept("the host refused: " + e.getMessage());
            return null;
        }
    }

    private static String describe(ConfigProblem problem, String file) {
        return problem.key().equals(file) ? problem.toString() : problem + " in " + file;
    }

    /** Whether the host lacks what it takes to look at what the user has given, which is no mistake of theirs; says so then. */
    private boolean isShortage(Exception failure) {
        try {
            Shortage.rethrow(failure);
            return false;
        } catch (IOException e) {
            errors.accept("the host refused: " + e.getMessage());
            return true;
        }
    }

    private ExitCode boot(VmConfig config, List<String> problems, Function<ConfigProblem, String> wording,
            boolean isLogChosen) {
        try {
            checkControlSocket(config, problems);
            return bootNamed(config, problems, wording, isLogChosen);
        } catch (IOException e) {
            errors.accept("the host refused: " + e.getMessage());
            return ExitCode.HOST_ERROR;
        }
    }

    private ExitCode bootNamed(VmConfig config, List<String> problems, Function<ConfigProblem, String> wording, boolean isLogChosen)
            throws IOException {
        try (NamedMachine named = named(config, isLogChosen, problems)) {
            return boot(named, named == null ? config : named.config(), problems, wording, isLogChosen || named != null && named.isDetached());
        }
    }

    /** What has the machine's name; {@code null} for one without, and where something is wrong already, or the name. */
    private NamedMachine named(VmConfig config, boolean isLogChosen, List<String> problems) throws IOException {
        if (arguments.value(CliOption.NAME) == null && !arguments.isSet(CliOption.DETACH)) {
            return null;
        }
        guard.arm(stopTimeout);
        return NamedMachine.claim(arguments, config, isLogChosen, problems, errors);
    }

    private ExitCode boot(NamedMachine named, VmConfig config, List<String> problems, Function<ConfigProblem, String> wording, boolean isLogChosen) {
        prepareLog(config, problems, wording, isLogChosen);
        try {
            if (!problems.isEmpty()) {
                source.check(config);
                return refuse(problems);
            }
            ExitCode exit = run(named, config);
            if (StandardOutput.isLost() && !StandardOutput.isReaderGone()) {
                errors.accept("standard output could not be written to: what the guest printed is lost from there on");
            }
            return exit;
        } catch (ConfigException e) {
            addWorded(e.problems(), wording, problems);
            return refuse(problems);
        } catch (KvmException e) {
            ExitCode code = ExitCode.of(e);
            errors.accept((code == ExitCode.KVM_UNAVAILABLE ? "KVM cannot be used: " : "the host refused: ") + e.getMessage());
            return code;
        } catch (SocketPlaceException e) {
            // Taken since it was looked at; the guest's own are named by the configuration.
            problems.add(e.getMessage() + CONTROL_OPTION);
            return refuse(problems);
        } catch (IOException e) {
            errors.accept(guard.isShutDown() ? SignalGuard.WHY : "the host refused: " + e.getMessage());
            return ExitCode.HOST_ERROR;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            errors.accept("interrupted");
            return ExitCode.HOST_ERROR;
        }
    }

    /** Adds the lines for {@code found}, but for those that have none because another line says it already. */
    private static void addWorded(List<ConfigProblem> found, Function<ConfigProblem, String> wording, List<String> lines) {
        found.stream().map(wording).filter(line -> line != null).forEach(lines::add);
    }

    private ExitCode run(NamedMachine named, VmConfig config) throws ConfigException, IOException, InterruptedException {
        MachineSource.Making machine = source.of(named, config);
        if (unkeptLog != null) {
            // While the terminal is not the guest's yet, and where nothing else is wrong.
            machine.check();
            errors.accept(unkeptLog);
        }
        if (named == null) {
            guard.arm(stopTimeout);
        }
        try (Vm vm = machine.build(); ControlServer server = control(vm, named); SavesEnd saves = this::endSaves) {
            if (named != null) {
                named.control().attach(vm);
                source.controlled(named.control());
            }
            guard.watch(vm);
            use.built(vm);
            start(vm);
            ServiceManager manager = ServiceManager.ofThisProcess();
            manager.ready();
            log.start();
            if (named != null && named.isDetached()) {
                Detachment.complete(vm.name(), out);
                isInBackground = true;
            }
            VmExit exit = vm.await();
            manager.stopping(exit.message());
            // Somebody who only printed what a panicking kernel prints has not ended by it when the guest is off.
            boolean hasPanicked = vm.guestPanic().isPresent() && exit.reason() != VmExitReason.POWEROFF;
            if (!exit.isOrderly() || hasPanicked || guard.isShutDown() || guard.status() != 0) {
                errors.accept(exit.message());
            }
            return use.exitCode(exit);
        }
    }

    /** Before those who wait for a snapshot lose the machine, and before the one that it came from is closed. */
    private interface SavesEnd extends AutoCloseable {
        @Override
        void close();
    }

    private void endSaves() {
        if (control != null) {
            control.endSnapshots();
        }
    }

    private void start(Vm vm) throws IOException {
        try {
            source.start(vm);
        } catch (IllegalStateException e) {
            throw new IOException(e.getMessage(), e); // never started before, so this is the host's doing
        }
    }

    /** The socket by which other processes control the machine; {@code null} when none was asked for. */
    private ControlServer control(Vm vm, NamedMachine named) throws IOException {
        if (named != null) {
            control = named.control();
        }
        if (controlSocket == null) {
            return null;
        }
        if (named == null) {
            control = NamedMachine.controlOf(vm);
        }
        source.controlled(control);
        return ControlServer.open(Path.of(controlSocket), control);
    }

    private void checkControlSocket(VmConfig config, List<String> problems) throws IOException {
        if (controlSocket == null) {
            return;
        }
        if (Stream.of(config.serial().path(), config.console() == null ? null : config.console().path(),
                config.vsock() == null ? null : config.vsock().udsPath()).anyMatch(this::isControlSocket)) {
            problems.add("socket " + controlSocket + " is the guest's too" + CONTROL_OPTION);
            return;
        }
        try {
            ControlServer.check(controlSocket);
        } catch (IOException e) {
            Shortage.rethrow(e);
            problems.add(e.getMessage() + CONTROL_OPTION);
        }
    }

    private boolean isControlSocket(String path) {
        return path != null && SocketPlace.isSame(path, controlSocket);
    }

    /** A log that was asked for must be possible; the default one is left out where it is not. */
    private void prepareLog(VmConfig config, List<String> problems, Function<ConfigProblem, String> wording,
            boolean isChosen) {
        LoggerConfig logger = config.logger() == null ? new LoggerConfig(null, null) : config.logger();
        String file = logger.logPath() == null ? CliOption.LOG_FILE.defaultText() : logger.logPath();
        LoggerConfig.Level level = levelOf(logger);
        if (file.isEmpty() || level == LoggerConfig.Level.OFF) {
            return;
        }
        String problem = LogFileCheck.problemOf(file);
        if (problem == null && isBootedFrom(Path.of(file), config)) {
            problem = "log file " + file + " is what the machine boots from too";
        }
        if (problem == null) {
            if (level != null) {
                log.configure(Path.of(file), level);
            }
        } else if (isChosen) {
            addWorded(List.of(new ConfigProblem("logger.log_path", problem)), wording, problems);
        } else {
            unkeptLog = problem + ", so no log is kept";
        }
    }

    /** Whether {@code log}, which is written to, is the kernel, the initrd or a disk. */
    private static boolean isBootedFrom(Path log, VmConfig config) {
        Stream<String> images = Stream.concat(Stream.of(config.bootSource().kernelImagePath(), config.bootSource().initrdPath()),
                config.drives().stream().map(DriveConfig::pathOnHost));
        return Files.exists(log) && images.anyMatch(image -> isSame(log, image));
    }

    private static boolean isSame(Path log, String image) {
        try {
            return image != null && Files.isSameFile(log, Path.of(image));
        } catch (IOException | InvalidPathException e) {
            // An image that is not there is reported as such.
            return false;
        }
    }

    /** The level, or {@code null} where the configuration's own check will refuse it. */
    private static LoggerConfig.Level levelOf(LoggerConfig logger) {
        return LoggerConfig.Level.named(logger.level()).orElse(null);
    }

    private ExitCode refuse(List<String> problems) {
        problems.forEach(errors);
        return ExitCode.USAGE;
    }
}
