package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.LoggerConfig;
import io.vmm4j.core.config.MachineName;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.VirtioConsoleConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.control.ControlClient;
import io.vmm4j.core.control.ControlServer;
import io.vmm4j.core.control.MachineControl;
import io.vmm4j.core.control.MachineInfo;
import io.vmm4j.core.control.NoMachineException;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.SocketConsole;
import io.vmm4j.core.named.ListedMachine;
import io.vmm4j.core.named.RuntimeDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A machine with a name: has its control socket from before anything else of it is made, so that nobody else gets the name, and what
 * follows from the name for its configuration.
 */
final class NamedMachine implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(2);
    /** Names that are tried where none is given. */
    private static final int NAMES_MAX = 10_000;

    private final String name;
    private final boolean isDetached;
    private final VmConfig config;
    private final SocketConsole window;
    private final MachineControl control;
    private final ControlServer server;

    private NamedMachine(String name, boolean isDetached, RuntimeDirectory directory, VmConfig given, boolean isLogChosen) throws IOException {
        this.name = name;
        this.isDetached = isDetached;
        this.config = isDetached ? detached(given, directory, name, isLogChosen) : given;
        this.window = socketOf(config.console() == null ? null : config.console().path()) == null ? null
                : new SocketConsole(Path.of(config.console().path()));
        this.control = new MachineControl(plan(name, config, window == null ? null : window::resize));
        control.offer(DeviceActions.of(control::machine));
        this.server = ControlServer.open(directory.control(name), control);
    }

    /**
     * Takes the name that the arguments give, or where they give none the first of {@code vm-1}, {@code vm-2} and so on that is free.
     *
     * @param isLogChosen whether the user has said where the log goes
     * @param problems    takes a line for what is wrong; nothing is taken where there are some
     * @param notices     takes a line for what the user should know
     * @return {@code null} when something is wrong
     * @throws IOException when the host has too few descriptors, threads or too little memory
     */
    static NamedMachine claim(Arguments arguments, VmConfig config, boolean isLogChosen, List<String> problems, Consumer<String> notices)
            throws IOException {
        String given = arguments.value(CliOption.NAME);
        String option = " (" + (given == null ? CliOption.DETACH : CliOption.NAME).longName() + ")";
        try {
            if (given != null) {
                MachineName.require(given);
            }
            if (!problems.isEmpty()) {
                return null;
            }
            RuntimeDirectory directory = RuntimeDirectory.ofThisUser();
            directory.make();
            directory.notice().ifPresent(notices);
            boolean isDetached = arguments.isSet(CliOption.DETACH);
            return given == null ? claimAny(isDetached, directory, config, isLogChosen) : claim(given, isDetached, directory, config, isLogChosen);
        } catch (IllegalArgumentException e) {
            problems.add(e.getMessage() + option);
            return null;
        } catch (IOException e) {
            Shortage.rethrow(e);
            problems.add(e.getMessage() + option);
            return null;
        }
    }

    private static NamedMachine claim(String name, boolean isDetached, RuntimeDirectory directory, VmConfig config, boolean isLogChosen)
            throws IOException {
        try {
            ControlServer.check(directory.control(name).toString());
            return new NamedMachine(name, isDetached, directory, config, isLogChosen);
        } catch (IOException e) {
            String holder = holderOf(directory, name);
            throw holder == null ? e : new IOException("a machine called " + name + " runs already" + holder, e);
        }
    }

    /** Who has the name, as a phrase; {@code null} when nobody has. */
    private static String holderOf(RuntimeDirectory directory, String name) {
        try {
            MachineInfo info = new ControlClient(directory.control(name), PATIENCE, PATIENCE).info();
            return ", process " + info.pid();
        } catch (NoMachineException e) {
            return null;
        } catch (IOException e) {
            long pid = ListedMachine.processOf(directory, name);
            return pid == 0 ? "" : ", process " + pid + ", which does not answer";
        }
    }

    private static NamedMachine claimAny(boolean isDetached, RuntimeDirectory directory, VmConfig config, boolean isLogChosen) throws IOException {
        List<String> taken = directory.names();
        for (int number = 1; number <= NAMES_MAX; number++) {
            String name = "vm-" + number;
            if (taken.contains(name) && holderOf(directory, name) != null) {
                continue;
            }
            try {
                return new NamedMachine(name, isDetached, directory, config, isLogChosen);
            } catch (IOException e) {
                if (holderOf(directory, name) == null) {
                    throw e;
                }
            }
        }
        throw new IOException("no name from vm-1 to vm-" + NAMES_MAX + " is free in " + directory.path());
    }

    /** What would be on standard input and output goes to a socket, and the log into the directory of the sockets. */
    private static VmConfig detached(VmConfig given, RuntimeDirectory directory, String name, boolean isLogChosen) {
        String console = directory.console(name).toString();
        SerialConfig serial = given.serial().isStdio() ? new SerialConfig(console) : given.serial();
        boolean isHvcOnStdio = given.console() != null && given.console().path().equals(SerialConfig.STDIO);
        VirtioConsoleConfig hvc = isHvcOnStdio ? new VirtioConsoleConfig(console) : given.console();
        String level = given.logger() == null ? null : given.logger().level();
        LoggerConfig logger = isLogChosen ? given.logger() : new LoggerConfig(directory.log(name).toString(), level);
        return new VmConfig(given.bootSource(), given.drives(), given.machineConfig(), logger, serial, given.vsock(), given.networkInterfaces(),
                given.entropy(), given.balloon(), hvc, given.cpuConfig()).withRestOf(given);
    }

    private static MachineControl.Plan plan(String name, VmConfig config, MachineControl.Window window) {
        String hvc = config.console() == null ? null : socketOf(config.console().path());
        String socket = hvc != null ? hvc : socketOf(config.serial().path());
        String log = config.logger() == null || config.logger().logPath() == null ? CliOption.LOG_FILE.defaultText() : config.logger().logPath();
        return new MachineControl.Plan(name, config, socket == null ? null : absolute(socket), window, absolute(log));
    }

    private static String absolute(String path) {
        return Path.of(path).toAbsolutePath().toString();
    }

    /** The path when it is a socket's. */
    private static String socketOf(String path) {
        return path == null || path.equals(SerialConfig.STDIO) || path.equals(SerialConfig.NONE) ? null : path;
    }

    /** For a machine without a name. */
    static MachineControl controlOf(Vm vm) {
        MachineControl control = MachineControl.of(vm);
        control.plan(plan(vm.name(), vm.config(), null));
        control.offer(DeviceActions.of(control::machine));
        return control;
    }

    /** The machine's configuration. */
    VmConfig config() {
        return config;
    }

    /** What it is called. */
    String name() {
        return name;
    }

    /** Its virtio console, where that is on a socket. */
    Optional<SocketConsole> window() {
        return Optional.ofNullable(window);
    }

    /** Makes the machine. */
    VmBuilder builder() {
        VmBuilder builder = VmBuilder.fromConfig(config).name(name);
        return window == null ? builder : builder.virtioConsole(window);
    }

    /** Whether it goes on in the background. */
    boolean isDetached() {
        return isDetached;
    }

    /** To be told of the machine once there is one. */
    MachineControl control() {
        return control;
    }

    /** Gives the name back. */
    @Override
    public void close() {
        server.close();
    }
}
