package io.vmm4j.cli.training;

import io.vmm4j.cli.Main;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/**
 * The run that a class archive is made from: boots the {@link TinyGuest} as users do, by every kind of kernel and with every device, and
 * where KVM cannot be used loads the classes of the way there without running them. Ends by itself within a minute whatever happens.
 *
 * <p>An archive is in memory as a whole, and from Java 25 on every class in it is linked at each start, so there is one for each way to
 * start, with what that needs: {@code vmm} by options, {@code json} by a configuration file or options with JSON, {@code firecracker}. What
 * few machines need, as log4j2, is in none: 200 classes more are 2 MiB and 4 ms.
 */
public final class Training {

    private static final long DISK_BYTES = 1 << 20;
    private static final long LIMIT_MILLIS = 60_000;
    private static final int STUCK = 99;
    /** Whether a start needs these, or a run to its end, is a matter of chance. */
    private static final List<String> SOMETIMES = List.of("io.vmm4j.core.vcpu.VcpuExits", "io.vmm4j.core.vcpu.VcpuExits$1");

    private Training() {
    }

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
            default -> boots.byOptions();
        };
        if (!hasBooted) {
            loadClasses(System.err);
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

    /** Loads every class of the project; one that needs what is not there is left out. */
    private static void loadClasses(PrintStream err) throws IOException {
        for (String entry : System.getProperty("java.class.path").split(":")) {
            if (Path.of(entry).getFileName().toString().startsWith("vmm-")) {
                try (JarFile jar = new JarFile(entry)) {
                    List<String> classes = jar.stream().map(ZipEntry::getName).filter(name -> name.endsWith(".class")).toList();
                    classes.forEach(name -> load(className(name), err));
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
