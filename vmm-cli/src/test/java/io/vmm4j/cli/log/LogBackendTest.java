package io.vmm4j.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.LoggerConfig.Level;
import io.vmm4j.kvm.libc.NativeStruct;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
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
    void withoutAThreadForItTheLogIsWrittenAtItsEnd() throws Exception {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO, 10_000, LogDestinations::open, thread -> {
            throw new OutOfMemoryError("unable to create native thread: possibly out of memory or process/resource limits reached");
        });
        backend.startSoon();
        LOG.info("kept");
        assertNull(backend.close());
        assertNull(backend.close(), "a second call does nothing");
        assertTrue(Files.readString(file).endsWith(": kept\n"), Files.readString(file));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theLogIsWrittenWhereOnlyOneOfItsThreadsCanBeHad(int given) throws Exception {
        Path file = directory.resolve("log");
        AtomicInteger asked = new AtomicInteger();
        LogBackend backend = new LogBackend(file, Level.INFO, 10_000, LogDestinations::open, thread -> {
            if (asked.getAndIncrement() != given) {
                throw new OutOfMemoryError("unable to create native thread: possibly out of memory or process/resource limits reached");
            }
            thread.start();
        });
        backend.start();
        LOG.info("kept");
        assertNull(backend.close());
        assertTrue(Files.readString(file).endsWith(": kept\n"), Files.readString(file));
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
    void noTextInAMessageOrInAStackTraceBeginsALineOfItsOwn() throws Exception {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO);
        backend.start();
        String forged = "2026-01-01T00:00:00.000Z ERROR [main] Vm: forged";
        LOG.info("a path: {}", "a\u001b[2J\n" + forged);
        LOG.error("internal error", new IllegalStateException("the reason\n" + forged));
        backend.close();
        List<String> lines = Files.readAllLines(file);
        assertTrue(lines.get(0).endsWith("a path: a\\u001b[2J\\n" + forged), lines.get(0));
        assertTrue(lines.stream().noneMatch(line -> line.startsWith(forged)), lines::toString);
        assertTrue(lines.contains("\t" + forged), lines::toString);
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
        assertEquals("open(" + file.resolve("log") + "): Not a directory (ENOTDIR)", backend.close());
    }

    @Test
    void aFloodIsBoundedAndCounted() throws IOException, InterruptedException {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO);
        for (int i = 0; i < 10_000; i++) {
            LOG.info("flood");
        }
        backend.start();
        String gap = "5904 events were dropped: they came faster than the log's disk takes them";
        assertEquals(gap, backend.close(), "what is missing in the log must be said");
        List<String> lines = Files.readAllLines(file);
        assertEquals(4096 + 1, lines.size());
        assertTrue(lines.get(4096).endsWith(gap), lines.get(4096));
    }

    @Test
    void aGuestsFloodPushesNothingElseOut() throws IOException, InterruptedException {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO);
        Logger guest = LoggerFactory.getLogger("guest.console");
        for (int i = 0; i < 10_000; i++) {
            guest.info("flood");
        }
        LOG.warn("how the guest ended");
        backend.start();
        assertEquals("6928 events were dropped: they came faster than the log's disk takes them", backend.close());
        assertTrue(Files.readString(file).contains("how the guest ended"));
    }

    @Test
    @Timeout(60)
    void aGuestsFloodPushesNothingElseOutWhileTheDiskIsSlow() throws Exception {
        Path file = directory.resolve("log");
        CountDownLatch answer = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        LogBackend backend = new LogBackend(file, Level.INFO, 10_000, path -> {
            LogDestination real = LogDestinations.open(path);
            return new LogDestination() {
                @Override
                public int write(NativeStruct text, int from, int length) throws IOException {
                    asked.countDown();
                    try {
                        answer.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    return real.write(text, from, length);
                }

                @Override
                public void close() {
                    real.close();
                }
            };
        });
        backend.start();
        LOG.info("first");
        asked.await();
        // From here on nothing leaves the queues.
        Logger guest = LoggerFactory.getLogger("guest.console");
        for (int i = 0; i < 20_000; i++) {
            guest.info("flood");
        }
        LOG.warn("how the guest ended");
        answer.countDown();
        assertNotNull(backend.close(), "something was dropped");
        assertTrue(Files.readString(file).contains("how the guest ended"));
    }

    @Test
    @Timeout(60)
    void aDiskThatDoesNotAnswerHoldsUpNeitherWhoLogsNorTheEnd() throws Exception {
        Path file = directory.resolve("log");
        CountDownLatch answer = new CountDownLatch(1);
        LogBackend backend = new LogBackend(file, Level.INFO, 100, path -> {
            try {
                answer.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts the log's thread", e);
            }
            return LogDestinations.open(path);
        });
        backend.start();
        LOG.info("on its way");
        assertEquals("its disk does not answer", backend.close());
        answer.countDown();
        while (backend.close() != null) {
            Thread.onSpinWait();
        }
        assertTrue(Files.readString(file).contains("on its way"), "it is written once the disk does");
    }

    @Test
    void eventsKeepTheTimeAndTheThreadTheyCameFrom() throws Exception {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO);
        OffsetDateTime before = OffsetDateTime.now().truncatedTo(ChronoUnit.MILLIS);
        Thread early = new Thread(() -> LOG.info("early"), "early bird");
        early.start();
        early.join();
        OffsetDateTime after = OffsetDateTime.now();
        backend.start();
        assertNull(backend.close());
        String[] words = Files.readString(file).split(" ", 2);
        OffsetDateTime time = OffsetDateTime.parse(words[0]);
        assertFalse(time.isBefore(before) || time.isAfter(after), words[0]);
        assertTrue(words[1].contains("[early bird]"), words[1]);
    }

    @Test
    void loggersWriteWheneverTheyWereMade() throws Exception {
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        for (Path file : List.of(first, second)) {
            LogBackend backend = new LogBackend(file, Level.INFO);
            backend.start();
            LoggerFactory.getLogger("made for " + file.getFileName()).info("new");
            LOG.info("old");
            assertNull(backend.close());
        }
        assertEquals(2, Files.readAllLines(first).size());
        assertTrue(Files.readString(second).contains("made for second: new"), "a second log is as good as the first");
        assertEquals(2, Files.readAllLines(second).size());
    }

    @Test
    void aFileNameIsTakenAsItIs() throws Exception {
        Path file = directory.resolve("${sys:user.name}-%d-$${x}");
        LogBackend backend = new LogBackend(file, Level.INFO);
        backend.start();
        LOG.info("${sys:user.name} {}", "${java:version}");
        assertNull(backend.close());
        assertTrue(Files.readString(file).endsWith(": ${sys:user.name} ${java:version}\n"), Files.readString(file));
    }

    @Test
    void nothingOfLog4jIsLoadedForAFewLines() throws Exception {
        Path file = directory.resolve("log");
        List<String> lines = runAlone(0, "-Xlog:class+load:stdout", file);
        assertTrue(lines.contains(EarlyLogRun.START), lines::toString);
        assertEquals(List.of(), lines.stream().filter(LogBackendTest::isLog4j).toList());
        assertEquals(3, Files.readAllLines(file).size(), "two early events and a late one");
    }

    @Test
    void log4jWritesAfterManyLines() throws Exception {
        Path file = directory.resolve("log");
        List<String> lines = runAlone(0, "-Xlog:class+load:stdout", file, EarlyLogRun.LATER);
        int start = lines.indexOf(EarlyLogRun.START);
        assertTrue(start > 0, lines::toString);
        assertEquals(List.of(), lines.subList(0, start).stream().filter(LogBackendTest::isLog4j).toList());
        assertTrue(lines.stream().anyMatch(LogBackendTest::isLog4j), "log4j2 has its events");
        List<String> log = Files.readAllLines(file);
        assertEquals(3 + EarlyLogRun.MANY, log.size());
        assertTrue(log.get(2).endsWith("after it"), log.get(2));
        for (int i = 0; i < EarlyLogRun.MANY; i++) {
            assertTrue(log.get(3 + i).endsWith(": later " + i), log.get(3 + i));
        }
    }

    @Test
    @Timeout(60)
    void aLineOfARunningMachineIsInTheFileBeforeItsEnd() throws Exception {
        Path file = directory.resolve("log");
        LogBackend backend = new LogBackend(file, Level.INFO);
        backend.start();
        for (String text : List.of("first", "second", "third")) {
            LOG.info(text);
            while (Files.notExists(file) || !Files.readString(file).contains(text)) {
                Thread.onSpinWait();
            }
        }
        assertNull(backend.close());
        assertEquals(3, Files.readAllLines(file).size(), "and once");
    }

    @Test
    void noLoggingLibrarySpeaksOnTheTerminal() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertEquals(List.of(EarlyLogRun.START), runAlone(0, "-Xlog:disable", file));
        assertEquals(List.of(EarlyLogRun.START), runAlone(1, "-Xlog:disable", file.resolve("log")), "whatever goes wrong");
    }

    @Test
    void aLogThatStartsWhileTheProcessEndsIsWhole() throws Exception {
        Path file = directory.resolve("file");
        assertEquals(List.of(EarlyLogRun.START), runAlone(0, "-Xlog:disable", file, "while it ends"));
        assertEquals(3, Files.readAllLines(file).size(), "two early events and a late one");
    }

    private List<String> runAlone(int expectedStatus, String option, Path log, String... more) throws Exception {
        Path output = directory.resolve("output");
        List<String> words = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), option,
                "-cp", System.getProperty("java.class.path"), EarlyLogRun.class.getName(), log.toString()));
        words.addAll(List.of(more));
        int status = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(output.toFile()).start().waitFor();
        List<String> lines = Files.readAllLines(output);
        assertEquals(expectedStatus, status, lines::toString);
        return lines;
    }

    private static boolean isLog4j(String line) {
        return line.contains("org.apache.logging");
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
