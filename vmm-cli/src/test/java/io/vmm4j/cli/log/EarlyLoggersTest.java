package io.vmm4j.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.slf4j.helpers.NOPLoggerFactory;
import org.slf4j.helpers.SubstituteLogger;

class EarlyLoggersTest {

    private final EarlyLoggers loggers = new EarlyLoggers();

    @Test
    void whatIsLoggedIsRecordedWhileNobodyWrites() {
        loggers.getLogger("a").info("one");
        loggers.attach(new NOPLoggerFactory());
        loggers.getLogger("a").info("two");
        loggers.detach();
        loggers.getLogger("a").info("three");
        assertEquals("one", loggers.events().remove().getMessage());
        assertEquals("three", loggers.events().remove().getMessage());
        assertTrue(loggers.events().isEmpty());
    }

    @Test
    void loggersOfAnyAgeGetAWriter() {
        SubstituteLogger before = (SubstituteLogger) loggers.getLogger("before");
        loggers.attach(new NOPLoggerFactory());
        SubstituteLogger after = (SubstituteLogger) loggers.getLogger("after");
        assertTrue(before.isDelegateNOP() && after.isDelegateNOP());
        loggers.detach();
        assertTrue(before.isDelegateNull() && after.isDelegateNull());
    }

    @Test
    void aNameHasOneLogger() {
        assertSame(loggers.getLogger("a"), loggers.getLogger("a"));
    }
}
