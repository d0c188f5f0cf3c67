package io.vmm4j.cli.log;

import io.vmm4j.core.config.LoggerConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log of a run, in a process of its own. */
final class EarlyLogRun {

    /** Printed when the log is about to be started. */
    static final String START = "the log starts";

    /** Has events come after those of the start have been written. */
    static final String LATER = "later";

    /** How many they are. */
    static final int MANY = 2 * LogBackend.FEW_EVENTS;

    private EarlyLogRun() {
    }

    /**
     * Logs twice before the start and once after it, to the file that is the first argument; with a second one the start
     * comes while the JVM shuts down, as when a signal ends a machine that has just begun, but for {@link #LATER}.
     */
    public static void main(String[] args) {
        EarlyLogProvider.choose();
        Logger log = LoggerFactory.getLogger(EarlyLogRun.class);
        log.info("before the level is known");
        LogBackend backend = new LogBackend(Path.of(args[0]), LoggerConfig.Level.INFO);
        log.warn("before the start", new IllegalStateException().getCause());
        Thread rest = new Thread(() -> {
            System.out.println(START);
            backend.start();
            log.info("after it");
            try {
                if (args.length > 1 && args[1].equals(LATER)) {
                    logLater(log, Path.of(args[0]));
                }
                Runtime.getRuntime().halt(backend.close() == null ? 0 : 1);
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts this thread", e);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        if (args.length > 1 && !args[1].equals(LATER)) {
            Runtime.getRuntime().addShutdownHook(rest);
        } else {
            rest.start();
        }
    }

    private static void logLater(Logger log, Path file) throws IOException {
        String last = "after it";
        for (int i = 0; i < MANY; i++) {
            awaitLine(file, last);
            last = "later " + i;
            log.info(last);
        }
        awaitLine(file, last);
    }

    private static void awaitLine(Path file, String end) throws IOException {
        while (Files.notExists(file) || Files.readAllLines(file).stream().noneMatch(line -> line.endsWith(end))) {
            Thread.onSpinWait();
        }
    }
}
