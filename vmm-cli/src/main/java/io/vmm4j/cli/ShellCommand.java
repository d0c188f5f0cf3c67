package io.vmm4j.cli;

import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.VirtioConsoleConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.image.Busybox;
import io.vmm4j.core.image.CacheDirectory;
import io.vmm4j.core.image.HostKernel;
import io.vmm4j.core.image.Initramfs;
import io.vmm4j.core.image.KernelModules;
import io.vmm4j.core.image.ShellRun;
import io.vmm4j.core.rootfs.Container;
import io.vmm4j.core.rootfs.ContainerRun;
import io.vmm4j.core.rootfs.Rootfs;
import io.vmm4j.core.rootfs.RootfsException;
import io.vmm4j.kvm.libc.Termios;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** {@code vmm shell}: a guest on a kernel of the host's and an initramfs made for it, for a person at a terminal or for one command. */
final class ShellCommand {

    private static final Path ROOT = Path.of("/");
    private static final String HVC = "hvc0";
    private static final String SERIAL = "ttyS0";
    private static final String ROOT_DISK = "vda";
    /** The kernel's own console is the second serial port, so that the first and the virtio console are the command's alone. */
    private static final String KERNEL_ARGUMENTS = "console=ttyS1 quiet reboot=k panic=1 pci=off rdinit=" + Initramfs.FIRST_PROGRAM;

    private final Consumer<String> errors;
    private final BootCommand boot;
    private final SignalGuard guard;
    private int status;

    /**
     * @param errors takes a line for each thing that is wrong
     * @param guard  says whether a signal is ending the process
     */
    ShellCommand(Consumer<String> errors, BootCommand boot, SignalGuard guard) {
        this.errors = errors;
        this.boot = boot;
        this.guard = guard;
    }

    /** The status of what the guest ran. */
    int status() {
        return status;
    }

    ExitCode run(Arguments arguments) {
        OptionMapper mapper = new OptionMapper(arguments);
        if (!mapper.problems().isEmpty()) {
            mapper.problems().forEach(errors);
            return ExitCode.USAGE;
        }
        List<String> reasons = Doctor.whyNoStockLinux();
        if (!reasons.isEmpty()) {
            reasons.forEach(errors);
            errors.accept("stock Linux guests cannot boot here");
            return ExitCode.KVM_UNAVAILABLE;
        }
        try {
            HostKernel kernel = kernel(arguments.operands().isEmpty() ? null : arguments.operands().get(0), "KERNEL");
            return boot(arguments, mapper, kernel, RootOption.make(arguments).orElse(null));
        } catch (RootfsException e) {
            return refuse(e.getMessage() + " (" + arguments.nameOf(CliOption.ROOTFS) + ")");
        } catch (NoKernelException e) {
            return refuse(e.getMessage());
        } catch (InvalidPathException e) {
            return refuse("\"" + e.getInput() + "\" cannot be a path here: " + e.getReason() + " (KERNEL)");
        } catch (IOException e) {
            errors.accept("the host refused: " + e.getMessage());
            return ExitCode.HOST_ERROR;
        }
    }

    /** {@code vmm create} with a root file system that is no image: of a container's, the program is run as a command is. */
    ExitCode create(Arguments arguments) {
        OptionMapper mapper = new OptionMapper(arguments);
        mapper.requireWhatToBoot();
        if (!mapper.problems().isEmpty()) {
            mapper.problems().forEach(errors);
            return ExitCode.USAGE;
        }
        try {
            Rootfs rootfs = RootOption.make(arguments).orElseThrow();
            if (rootfs.container() != null) {
                return createContainer(arguments, mapper, rootfs);
            }
            if (!arguments.guestWords().isEmpty()) {
                return refuse("\"" + arguments.guestWords().get(0) + "\" is for a container image, and " + arguments.value(CliOption.ROOTFS)
                        + " is none: its own init is started (--)");
            }
            return boot.create(arguments, RootOption.on(mapper.config(), rootfs), List.of(), mapper::describe, new GuestUse() { });
        } catch (RootfsException e) {
            return refuse(e.getMessage() + " (" + arguments.nameOf(CliOption.ROOTFS) + ")");
        } catch (NoKernelException e) {
            return refuse(e.getMessage());
        } catch (InvalidPathException e) {
            return refuse("\"" + e.getInput() + "\" cannot be a path here: " + e.getReason());
        } catch (IOException e) {
            errors.accept("the host refused: " + e.getMessage());
            return ExitCode.HOST_ERROR;
        }
    }

    private ExitCode createContainer(Arguments arguments, OptionMapper mapper, Rootfs rootfs) throws NoKernelException, IOException {
        List<String> problems = new ArrayList<>();
        for (CliOption option : List.of(CliOption.INITRD_PATH, CliOption.IS_ROOT, CliOption.SERIAL_PATH, CliOption.CONSOLE_PATH, CliOption.DETACH)) {
            if (arguments.value(option) != null) {
                problems.add("option " + arguments.nameOf(option) + " does not go with a container image, whose program has this process' input and output");
            }
        }
        if (!problems.isEmpty()) {
            problems.forEach(errors);
            return ExitCode.USAGE;
        }
        return boot(arguments, mapper, kernel(arguments.value(CliOption.KERNEL_PATH), arguments.nameOf(CliOption.KERNEL_PATH)), rootfs);
    }

    private ExitCode refuse(String problem) {
        errors.accept(problem);
        return ExitCode.USAGE;
    }

    /** There is none that could be booted. */
    private static final class NoKernelException extends Exception {
        private static final long serialVersionUID = 1;

        NoKernelException(String message) {
            super(message);
        }
    }

    private static HostKernel kernel(String given, String option) throws NoKernelException, IOException {
        Path image = given == null
                ? HostKernel.newestIn(ROOT.resolve("boot")).orElseThrow(() -> new NoKernelException("there is no kernel in /boot: name one, vmm shell KERNEL"))
                : Path.of(given);
        if (!Files.isRegularFile(image)) {
            throw new NoKernelException("kernel image " + image + (Files.exists(image) ? " is not a file" : " does not exist") + " (" + option + ")");
        }
        if (!Files.isReadable(image)) {
            throw new NoKernelException("kernel image " + image + " may not be read by this user (" + option + ")");
        }
        return HostKernel.of(image);
    }

    /** @param rootfs what was made for the root file system, or {@code null} */
    private ExitCode boot(Arguments arguments, OptionMapper mapper, HostKernel kernel, Rootfs rootfs) throws IOException {
        Optional<Path> busybox = Busybox.find(ROOT, System.getenv("PATH"));
        if (busybox.isEmpty()) {
            return refuse("there is no busybox that needs no libraries on this host: " + Busybox.HINT);
        }
        Container container = rootfs == null ? null : rootfs.container();
        List<String> command = container == null ? arguments.guestWords() : container.words(arguments.guestWords());
        if (container != null && command.isEmpty()) {
            return refuse("the image names no program, and none follows on -- (" + arguments.nameOf(CliOption.ROOTFS) + ")");
        }
        VmConfig given = rootfs == null ? mapper.config() : RootOption.on(mapper.config(), rootfs);
        Path directory = kernel.modules(ROOT).orElse(null);
        KernelModules modules = KernelModules.in(directory == null ? ROOT.resolve("nowhere") : directory);
        if (modules.isEmpty()) {
            errors.accept("no modules of kernel " + (kernel.version() == null ? kernel.image() : kernel.version())
                    + " are on this host: the guest has what is built into it");
        }
        Initramfs initramfs = new Initramfs(kernel.version(), modules, busybox.get());
        boolean isTerminal = Termios.isTty(0) && Termios.isTty(1);
        boolean hasHvc = modules.has(Initramfs.CONSOLE);
        GuestWords words = new GuestWords();
        String root = given.drives().stream().anyMatch(DriveConfig::isRootDevice) ? ROOT_DISK : null;
        ShellRun run = new ShellRun(words.nonce(), hasHvc ? HVC : SERIAL, hasHvc && !isTerminal ? SERIAL : null, isTerminal, initramfs.toLoad(), root,
                command, System.getenv("TERM"));
        if (container != null) {
            run = run.by(ContainerRun.script(container, command));
        }
        Path image = initramfs.forRun(CacheDirectory.ofThisUser(), run);
        try {
            VmConfig config = config(given, kernel, image, arguments.value(CliOption.BOOT_ARGS), isTerminal && hasHvc);
            ShellUse use = new ShellUse(run, words, image, errors, guard);
            ExitCode exit = boot.create(arguments, config, new ArrayList<>(), problem -> describe(mapper, problem), use);
            status = words.status().orElse(0);
            return exit;
        } finally {
            Files.deleteIfExists(image);
        }
    }

    private static VmConfig config(VmConfig given, HostKernel kernel, Path initrd, String more, boolean isHvcOnTerminal) {
        BootSourceConfig source = new BootSourceConfig(kernel.image().toString(), initrd.toString(), KERNEL_ARGUMENTS + (more == null ? "" : " " + more));
        VirtioConsoleConfig hvc = isHvcOnTerminal ? new VirtioConsoleConfig(SerialConfig.STDIO) : null;
        return new VmConfig(source, given.drives(), given.machineConfig(), given.logger(), null, given.vsock(), given.networkInterfaces(),
                given.entropy(), given.balloon(), hvc, given.cpuConfig()).withRestOf(given);
    }

    private static String describe(OptionMapper mapper, ConfigProblem problem) {
        return problem.key().equals("boot-source.kernel_image_path") ? problem.message() + " (KERNEL)" : mapper.describe(problem);
    }
}
