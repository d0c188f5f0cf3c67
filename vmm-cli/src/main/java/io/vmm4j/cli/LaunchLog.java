package io.vmm4j.cli;

import io.vmm4j.cli.log.EarlyLogProvider;
import io.vmm4j.cli.log.LogBackend;
import io.vmm4j.core.config.LoggerConfig;
import java.nio.file.Path;

/** The log of one run: where it goes is known only after the options are, and its file is made only once a guest runs. */
final class LaunchLog {

    private Path path = Path.of(CliOption.LOG_FILE.defaultText());
    private LogBackend backend;

    /** To be made before anything is logged; touches nothing. */
    LaunchLog() {
        EarlyLogProvider.choose();
    }

    /** Says where the log goes; touches nothing. */
    void configure(Path file, LoggerConfig.Level level) {
        path = file;
        backend = new LogBackend(file, level);
    }

    /** Makes the file, on another thread and once the guest has had its start. */
    void start() {
        if (backend != null) {
            backend.startSoon();
        }
    }

    /** Makes the file for the sake of a stack trace, wherever the run was interrupted; says where it is. */
    Path startForBug() {
        if (backend == null) {
            configure(path, LoggerConfig.Level.INFO);
        }
        backend.start();
        return path;
    }

    /** Completes the file; a line for the user when it is missing or incomplete, else {@code null}. */
    String close() {
        if (backend == null) {
            return null;
        }
        try {
            String failure = backend.close();
            return failure == null ? null : "the log file " + path + " is missing or incomplete: " + failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
