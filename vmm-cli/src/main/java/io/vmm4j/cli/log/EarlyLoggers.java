package io.vmm4j.cli.log;

import java.util.HashMap;
import java.util.Map;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.SubstituteLogger;

/**
 * Loggers that record until others are put behind them: slf4j's {@link SubstituteLogger}s. Who got one early need not ask
 * again. Thread-safe.
 */
final class EarlyLoggers implements ILoggerFactory {

    private final EarlyEvents events = new EarlyEvents();
    private final Map<String, SubstituteLogger> loggers = new HashMap<>();
    private ILoggerFactory writers;

    /** Those slf4j is bound to. Where it is bound to something else, loggers that nobody uses. */
    static EarlyLoggers ofThisProcess() {
        return LoggerFactory.getILoggerFactory() instanceof EarlyLoggers early ? early : new EarlyLoggers();
    }

    /** What was recorded. */
    EarlyEvents events() {
        return events;
    }

    @Override
    public synchronized Logger getLogger(String name) {
        return loggers.computeIfAbsent(name, this::create);
    }

    private SubstituteLogger create(String name) {
        SubstituteLogger logger = new SubstituteLogger(name, events, false);
        if (writers != null) {
            logger.setDelegate(writers.getLogger(name));
        }
        return logger;
    }

    /** Puts the loggers of {@code factory} behind all that there are and will be. */
    synchronized void attach(ILoggerFactory factory) {
        writers = factory;
        loggers.forEach((name, logger) -> logger.setDelegate(factory.getLogger(name)));
    }

    /** Goes back to recording. */
    synchronized void detach() {
        writers = null;
        loggers.values().forEach(logger -> logger.setDelegate(null));
    }
}
