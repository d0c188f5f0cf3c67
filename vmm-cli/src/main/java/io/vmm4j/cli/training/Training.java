package io.vmm4j.cli.training;

import io.vmm4j.cli.Cli;
import io.vmm4j.cli.ExitCode;
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
 * The run that a class archive is made from: boots the {@link TinyGuest} with a disk as a user would, by vmm's command line or by
 * Firecracker's API, and where KVM cannot be used loads the classes of the way there without running them. Ends by itself within a
 * minute whatever happens.
 */
public final class Training {

    private static final long DISK_BYTES = 1 << 20;
    private static final long LIMIT_MILLIS = 60_000;
    private static final int STUCK = 99;

    private Training() {
    }

    /** The arguments are an empty directory for the guest's files, and {@code vmm} or {@code firecracker}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        haltWhenStuck();
        Path directory = Path.of(args[0]);
        Path kernel = Files.write(directory.resolve("kernel"), TinyGuest.image());
        Path disk = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(DISK_BYTES);
        }
        load(Main.class.getName(), System.err);
        boolean hasBooted = args[1].equals("firecracker") ? new FirecrackerTraining(directory).boot(kernel, disk) : boot(directory, kernel, disk);
        if (!hasBooted) {
            loadClasses(System.err);
        }
        System.exit(0);
    }

    private static boolean boot(Path directory, Path kernel, Path disk) {
        return new Cli("vmm", System.out, System.err).run("--kernel-path", kernel.toString(), "--rootfs", disk.toString(),
                "--log-file", directory.resolve("log").toString()) == ExitCode.OK;
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
                    List<String> files = jar.stream().map(ZipEntry::getName).filter(name -> name.endsWith(".class")).toList();
                    files.forEach(file -> load(className(file), err));
                }
            }
        }
    }

    private static String className(String file) {
        return file.substring(0, file.length() - ".class".length()).replace('/', '.');
    }

    private static void load(String name, PrintStream err) {
        try {
            Class.forName(name, false, Training.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            err.println("left out of the archive: " + name + ": " + e);
        }
    }
}
