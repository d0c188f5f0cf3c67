package io.vmm4j.cli.log;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Looks whether a log file could be created, without creating it. */
public final class LogFileCheck {

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
            return Files.isWritable(path) ? null : "log file " + path + " is not writable";
        }
        Path directory = path.toAbsolutePath().getParent();
        if (directory == null || !Files.exists(directory)) {
            return "log file " + path + " is in a directory that does not exist";
        }
        if (!Files.isDirectory(directory)) {
            return "log file " + path + " is in " + directory + ", which is not a directory";
        }
        return Files.isWritable(directory) ? null : "log file " + path + " is in a directory that is not writable";
    }
}
