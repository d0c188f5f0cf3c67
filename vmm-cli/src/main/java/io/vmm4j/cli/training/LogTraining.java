package io.vmm4j.cli.training;

import io.vmm4j.cli.log.EarlyLogProvider;
import io.vmm4j.cli.log.LogBackend;
import io.vmm4j.core.config.LoggerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/** Has log4j2 begin and write, as it does for a machine that logs while it runs. */
final class LogTraining {

    private LogTraining() {
    }

    static void run(Path file) throws IOException, InterruptedException {
        EarlyLogProvider.choose();
        Files.deleteIfExists(file);
        LogBackend log = new LogBackend(file, LoggerConfig.Level.INFO);
        log.start();
        for (String text : new String[] {"first", "second", "third"}) {
            LoggerFactory.getLogger(LogTraining.class).info("{} line", text);
            while (Files.notExists(file) || !Files.readString(file).contains(text)) {
                Thread.onSpinWait();
            }
        }
        log.close();
    }
}
