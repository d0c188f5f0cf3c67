package io.vmm4j.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.LoggerConfig.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LogBackendTest {

    private static final Logger LOG = LoggerFactory.getLogger(LogBackendTest.class);

    @TempDir
    private Path directory;

    @Test
    void eventsFromBeforeTheStartAreKept() throws Exception {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO);
        LOG.info("guest {} is early", 7);
        assertTrue(Files.notExists(file), "nothing is created before the start");
        backend.start();
        LOG.warn("late");
        assertNull(backend.close());
        List<String> lines = Files.readAllLines(file);
        assertEquals(2, lines.size(), lines::toString);
        assertTrue(lines.get(0).matches("\\d{4}-\\d\\d-\\d\\dT\\S+ INFO  \\[main\\] LogBackendTest: guest 7 is early"),
                lines.get(0));
        assertTrue(lines.get(1).endsWith("WARN  [main] LogBackendTest: late"), lines.get(1));
    }

    @Test
    void anOldLogIsReplaced() throws Exception {
        Path file = Files.writeString(directory.resolve("log"), "old\n");
        LogBackend backend = new LogBackend(file, Level.INFO);
        backend.start();
        LOG.info("new");
        backend.close();
        assertFalse(Files.readString(file).contains("old"));
    }

    @ParameterizedTest
    @EnumSource(Level.class)
    void onlyEventsOfTheLevelAndAboveAreKept(Level level) throws Exception {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, level);
        backend.start();
        LOG.error("ERROR");
        LOG.warn("WARN");
        LOG.info("INFO");
        LOG.debug("DEBUG");
        LOG.trace("TRACE");
        backend.close();
        long lines = Files.exists(file) ? Files.readAllLines(file).size() : 0;
        assertEquals(level.ordinal(), lines, "OFF keeps nothing, TRACE all five");
    }

    @Test
    void stackTracesGoToTheFile() throws Exception {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO);
        backend.start();
        LOG.error("internal error", new IllegalStateException("the reason"));
        backend.close();
        String text = Files.readString(file);
        assertTrue(text.contains("internal error") && text.contains("the reason") && text.contains("\tat "), text);
    }

    @Test
    void aFullDiskHurtsNobodyAndIsReportedAtTheEnd() throws Exception {
        LogBackend backend = new LogBackend(Path.of("/dev/full"), Level.INFO);
        backend.start();
        LOG.info("does not fit");
        String failure = backend.close();
        assertNotNull(failure, "what is missing in the log must be said");
        assertTrue(failure.contains("No space left"), failure);
    }

    @Test
    void aFileThatCannotBeOpenedIsReportedAtTheEnd() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        LogBackend backend = new LogBackend(file.resolve("log"), Level.INFO);
        backend.start();
        assertNotNull(backend.close());
    }

    @Test
    void aFloodIsBoundedAndCounted() throws IOException, InterruptedException {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO);
        for (int i = 0; i < 10_000; i++) {
            LOG.info("flood");
        }
        backend.start();
        assertNull(backend.close());
        List<String> lines = Files.readAllLines(file);
        assertEquals(4096 + 1, lines.size());
        assertTrue(lines.stream().anyMatch(line -> line.endsWith("5904 events were dropped: the log's disk is too slow")));
    }

    @Test
    void closingTwiceOrUnstartedIsHarmless() throws InterruptedException {
        LogBackend backend = new LogBackend(directory.resolve("log"), Level.INFO);
        assertNull(backend.close());
        backend.start();
        assertNull(backend.close());
        assertNull(backend.close());
    }
}
