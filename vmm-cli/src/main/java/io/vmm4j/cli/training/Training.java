package io.vmm4j.cli.training;

import io.vmm4j.cli.Main;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/**
 * The run that a class archive is made from: boots the {@link TinyGuest} as users do, by every kind of kernel and with every device, and
 * where KVM cannot be used goes as far as to the opening of it, and loads the classes of the way from there without running them. Ends by
 * itself within a minute whatever happens.
 *
 * <p>An archive is in memory as a whole, and from Java 25 on every class in it is linked at each start, so there is one for each way to
 * start, with what that needs: {@code vmm} by options, {@code json} by a configuration file or options with JSON, {@code restore} by a snapshot, {@code firecracker}. What
 * few machines need, as log4j2, is in none: 200 classes more are 2 MiB and 4 ms.
 */
public final class Training {

    private static final long DISK_BYTES = 1 << 20;
    private static final long LIMIT_MILLIS = 60_000;
    private static final int STUCK = 99;
    /** Whether a start needs these, or a run to its end, is a matter of chance, or of where the log goes. */
    private static final List<String> SOMETIMES = List.of("io.vmm4j.core.vcpu.VcpuExits", "io.vmm4j.core.vcpu.VcpuExits$1",
            "io.vmm4j.cli.log.LogDestinations$Stream");

    private Training() {
    }

    /** What a start by a tap needs; the machine that makes the archive seldom has one. */
    private static final List<String> OF_TAPS = List.of("io.vmm4j.devices.virtio.net.", "io.vmm4j.core.host.Tap", "io.vmm4j.core.metrics.Net",
            "io.vmm4j.kvm.libc.Tap", "io.vmm4j.kvm.libc.NetInterface");
    /** What no start needs: the readers of mistakes, other commands, the log4j2 that comes late, the control of running machines. */
    private static final List<String> OFF_THE_WAY = List.of("io.vmm4j.cli.training.", "io.vmm4j.cli.log.L", "io.vmm4j.cli.ConsoleCommand",
            "io.vmm4j.cli.DetachCommand", "io.vmm4j.cli.DeviceActions", "io.vmm4j.cli.Doctor", "io.vmm4j.cli.HelpText", "io.vmm4j.cli.ListCommand",
            "io.vmm4j.cli.MachineCommands", "io.vmm4j.cli.SnapshotCommand", "io.vmm4j.cli.SnapshotFiles", "io.vmm4j.cli.ProgressLine", "io.vmm4j.cli.BreakableWork",
            "io.vmm4j.core.snapshot.file.SnapshotMerge", "io.vmm4j.core.snapshot.file.LayeredPages", "io.vmm4j.core.snapshot.SnapshotPool", "io.vmm4j.cli.UpdateCommand", "io.vmm4j.cli.NearestName", "io.vmm4j.core.config.MappedJson",
            "io.vmm4j.core.config.CpuConfigReader", "io.vmm4j.core.config.TextMistake", "io.vmm4j.core.event.EventJson", "io.vmm4j.core.control.Control",
            "io.vmm4j.core.control.MachineInfo", "io.vmm4j.core.control.RecordJson", "io.vmm4j.core.control.SilentMachine",
            "io.vmm4j.core.console.", "io.vmm4j.core.metrics.Prometheus");
    /** What goes on from a snapshot needs alone. */
    private static final List<String> OF_RESTORES = List.of("io.vmm4j.core.snapshot.", "io.vmm4j.core.VmRestore", "io.vmm4j.core.machine.Thaw",
            "io.vmm4j.core.machine.MachineState", "io.vmm4j.core.machine.KvmStates", "io.vmm4j.cli.Restore");
    /** What a start needs in Firecracker's place alone. */
    private static final List<String> OF_FIRECRACKER = List.of("io.vmm4j.api.", "io.vmm4j.cli.firecracker.");

    /** The arguments are an empty directory for the guests' files, and the archive's name. */
    public static void main(String[] args) throws IOException, InterruptedException {
        haltWhenStuck();
        Path directory = Path.of(args[0]);
        Path disk = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(DISK_BYTES);
        }
        load(Main.class.getName(), System.err);
        BootTraining boots = new BootTraining(directory, disk);
        boolean hasBooted = switch (args[1]) {
            case "firecracker" -> new FirecrackerTraining(directory).boot(Path.of(boots.kernel(TinyGuest.Kind.PVH)), disk);
            case "json" -> boots.byJson();
            case "restore" -> boots.byRestore();
            default -> boots.byOptions();
        };
        if (!hasBooted) {
            boolean isFirecracker = args[1].equals("firecracker");
            boolean isRestore = args[1].equals("restore");
            loadClasses(name -> !isOneOf(name, OFF_THE_WAY) && (isFirecracker || !isOneOf(name, OF_FIRECRACKER)) && (isRestore || isFirecracker || !isOneOf(name, OF_RESTORES)),
                    System.err);
        } else if (!args[1].equals("vmm")) {
            loadClasses(name -> isOneOf(name, OF_TAPS), System.err);
        }
        SOMETIMES.forEach(name -> load(name, System.err));
        System.exit(0);
    }

    private static void haltWhenStuck() {
        Thread watchdog = new Thread(() -> {
            try {
                Thread.sleep(LIMIT_MILLIS);
                Runtime.getRuntime().halt(STUCK);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
    }

    private static boolean isOneOf(String name, List<String> beginnings) {
        return beginnings.stream().anyMatch(name::startsWith);
    }

    /** Loads the classes of the project whose names pass; one that needs what is not there is left out. */
    private static void loadClasses(Predicate<String> names, PrintStream err) throws IOException {
        for (String entry : System.getProperty("java.class.path").split(":")) {
            if (Path.of(entry).getFileName().toString().startsWith("vmm-")) {
                try (JarFile jar = new JarFile(entry)) {
                    List<String> classes = jar.stream().map(ZipEntry::getName).filter(name -> name.endsWith(".class")).map(Training::className)
                            .filter(names).toList();
                    classes.forEach(name -> load(name, err));
                }
            }
        }
    }

    private static String className(String file) {
        return file.substring(0, file.length() - ".class".length()).replace('/', '.');
    }

    private static void load(String name, PrintStream err) {
        if (name.equals("module-info") || name.endsWith(".package-info")) {
            return;
        }
        try {
            Class.forName(name, false, Training.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            err.println("left out of the archive: " + name + ": " + e);
        }
    }
}
