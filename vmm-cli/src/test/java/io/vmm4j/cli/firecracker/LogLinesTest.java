package io.vmm4j.cli.firecracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.api.request.LoggerBody;
import io.vmm4j.cli.log.LineFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

class LogLinesTest {

    private static final String TIME = "2026-03-04T05:06:07.000000008";

    @TempDir
    private Path directory;
    private Path file;
    private final AtomicLong nanos = new AtomicLong();
    private DoorLog log;
    private Logger logger;

    @BeforeEach
    void open() throws IOException {
        Thread.currentThread().setName("main");
        file = directory.resolve("log");
        LineFile first = LineFile.append(file.toString());
        log = new DoorLog(() -> first, "web-1", () -> LocalDateTime.of(2026, 3, 4, 5, 6, 7, 8), new LogLimit(nanos::get));
        logger = log.getLogger("io.vmm4j.api.Thing");
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(file);
    }

    @Test
    void aLineHasTimeIdAndThread() throws IOException {
        logger.info("The {} took {} us.", "request", 5);
        logger.debug("not at Info");
        assertEquals(List.of(TIME + " [web-1:main] The request took 5 us."), lines());
    }

    @Test
    void levelAndOriginAreShownWhenAskedFor() throws IOException {
        log.configure(new LoggerBody(null, "Debug", true, null, null));
        logger.debug("one");
        log.configure(new LoggerBody(null, null, null, true, null));
        logger.warn("two");
        assertEquals(TIME + " [web-1:main:DEBUG] one", lines().get(0));
        assertTrue(lines().get(1).matches(TIME + " \\[web-1:main:WARN:io/vmm4j/cli/firecracker/LogLinesTest\\.java:\\d+] two"), lines()::toString);
    }

    @Test
    void aLevelThatIsNotSaidIsInfoAgainAndOffIsSilence() throws IOException {
        log.configure(new LoggerBody(null, "Off", null, null, null));
        logger.error("unheard");
        log.configure(new LoggerBody(null, null, null, null, null));
        logger.info("heard");
        assertEquals(List.of(TIME + " [web-1:main] heard"), lines());
    }

    @Test
    void aModuleIsAPrefixOfTheLoggersName() throws IOException {
        log.configure(new LoggerBody(null, null, null, null, "io.vmm4j.core"));
        logger.info("another's");
        log.getLogger("io.vmm4j.core.Vm").info("its own");
        assertEquals(List.of(TIME + " [web-1:main] its own"), lines());
    }

    @Test
    void textCannotBeginALine() throws IOException {
        logger.info("a\n{}", "b\r\nc\u001b[0m");
        assertEquals(1, lines().size());
        assertTrue(lines().get(0).startsWith(TIME + " [web-1:main] a"), lines()::toString);
    }

    @Test
    void anErrorMayHaveLinesOfTheProgramsOwnBehindIt() throws IOException {
        log.error("io.vmm4j.cli.Thing", "a\nb ", "", "For more");
        assertEquals(List.of(TIME + " [web-1:main] a\\nb ", "", "For more"), lines());
    }

    @Test
    void aFileWhoseNameHasANulIsRefusedForIt() {
        IOException refused = assertThrows(IOException.class, () -> log.configure(new LoggerBody("a\0b", null, null, null, null)));
        assertEquals("file name contained an unexpected NUL byte", refused.getMessage());
    }

    @Test
    void aFileKeepsWhatItHasAndANewOneTakesOver() throws IOException {
        logger.info("before");
        Path second = Files.writeString(directory.resolve("second"), "there\n");
        log.configure(new LoggerBody(second.toString(), null, null, null, null));
        logger.info("after");
        assertEquals(List.of(TIME + " [web-1:main] before"), lines());
        assertEquals(List.of("there", TIME + " [web-1:main] after"), Files.readAllLines(second));
    }

    @Test
    void linesThatAGuestCanCauseAreLimitedAndToldOf() throws IOException {
        Logger device = log.getLogger("io.vmm4j.devices.Thing");
        for (int i = 0; i < 15; i++) {
            device.warn("the guest did {}", i);
        }
        nanos.addAndGet(500_000_000);
        device.warn("the guest did {}", 15);
        String start = TIME + " [web-1:main] ";
        assertEquals(12, lines().size());
        assertEquals(List.of(start + "the guest did 9", start + "5 messages were suppressed due to rate limiting", start + "the guest did 15"),
                lines().subList(9, 12));
        assertEquals(5, log.suppressed());
    }

    @Test
    void whatTheUserCausesAndWhatIsForDebuggingIsNotLimited() throws IOException {
        log.configure(new LoggerBody(null, "Debug", null, null, null));
        Logger device = log.getLogger("io.vmm4j.devices.Thing");
        for (int i = 0; i < 20; i++) {
            logger.info("request {}", i);
            device.debug("detail {}", i);
        }
        assertEquals(40, lines().size());
    }

    @Test
    void aFileThatCannotBeOpenedChangesNothing() throws IOException {
        String missing = directory.resolve("no/log").toString();
        assertThrows(IOException.class, () -> log.configure(new LoggerBody(missing, "Error", true, true, null)));
        logger.info("as before");
        assertEquals(List.of(TIME + " [web-1:main] as before"), lines());
    }

    @Test
    void aFifoWithoutAReaderDropsWhatItDoesNotHoldAndNobodyWaits() throws Exception {
        Path fifo = directory.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        log.configure(new LoggerBody(fifo.toString(), null, null, null, null));
        for (int i = 0; i < 2_000; i++) {
            logger.info("a line of some length that fills the pipe up at some time, as pipes hold 64 KiB");
        }
        assertTrue(log.missing() > 0, "every line found room");
    }
}
