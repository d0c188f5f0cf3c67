package io.vmm4j.cli.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Looks whether a log file could be opened or created, without doing either. */
public final class LogFileCheck {

    /** As many as the kernel follows. */
    private static final int MOST_LINKS = 40;
    private static final int S_IFMT = 0xF000;
    private static final int S_IFBLK = 0x6000;
    private static final int S_IFSOCK = 0xC000;

    private LogFileCheck() {
    }

    /** What is wrong with {@code file} as a log file, in one line; {@code null} when nothing is. */
    public static String problemOf(String file) {
        Path path;
        try {
            path = Path.of(file);
        } catch (InvalidPathException e) {
            return "log file " + file + " is no path: " + e.getReason();
        }
        if (Files.isDirectory(path)) {
            return "log file " + path + " is a directory";
        }
        if (Files.exists(path)) {
            return Files.isRegularFile(path) && Files.isWritable(path) || isInherited(path) ? null : problemOfExisting(path);
        }
        if (Files.isSymbolicLink(path)) {
            return problemOfLink(path);
        }
        return problemOfNew(path, path);
    }

    /** The file is made where the link leads to. */
    private static String problemOfLink(Path link) {
        Path place = link.toAbsolutePath();
        try {
            for (int i = 0; i < MOST_LINKS && Files.isSymbolicLink(place); i++) {
                place = place.resolveSibling(Files.readSymbolicLink(place));
            }
        } catch (IOException e) {
            return "log file " + link + " is a symbolic link that cannot be read: " + e.getMessage();
        }
        return Files.isSymbolicLink(place) ? "log file " + link + " is a symbolic link to itself" : problemOfNew(link, place);
    }

    private static String problemOfNew(Path path, Path place) {
        Path directory = place.toAbsolutePath().getParent();
        if (directory == null || !Files.exists(directory)) {
            return "log file " + path + " is in a directory that does not exist";
        }
        if (!Files.isDirectory(directory)) {
            return "log file " + path + " is in " + directory + ", which is not a directory";
        }
        if (InheritedDescriptor.numberIn(path) >= 0) {
            return "log file " + path + " is a descriptor that is not open";
        }
        if (isKernels(directory)) {
            return "log file " + path + " is in a directory of the kernel's, where no file can be made";
        }
        return Files.isWritable(directory) ? null : "log file " + path + " is in a directory that is not writable";
    }

    /** Root may write there as far as permissions tell. */
    private static boolean isKernels(Path directory) {
        try {
            Path real = directory.toRealPath();
            return real.startsWith("/sys") || real.startsWith("/proc");
        } catch (IOException e) {
            // Gone since: who opens the file says so.
            return false;
        }
    }

    /** By one of our own descriptors it can be written to whatever its permissions are now. */
    private static boolean isInherited(Path path) {
        return InheritedDescriptor.numberIn(path) >= 0 && InheritedDescriptor.of(path).stream().anyMatch(InheritedDescriptor::isWritable);
    }

    private static String problemOfExisting(Path path) {
        try {
            int type = (Integer) Files.getAttribute(path, "unix:mode") & S_IFMT;
            if (type == S_IFBLK || type == S_IFSOCK) {
                return "log file " + path + " is a " + (type == S_IFBLK ? "block device" : "socket");
            }
        } catch (IOException e) {
            // Gone since: who opens it says so.
            return null;
        }
        return Files.isWritable(path) ? null : "log file " + path + " is not writable";
    }
}
