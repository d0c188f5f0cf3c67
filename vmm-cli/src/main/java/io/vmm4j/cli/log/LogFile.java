package io.vmm4j.cli.log;

import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.ErrorHandler;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AsyncAppender;
import org.apache.logging.log4j.core.appender.CountingNoOpAppender;
import org.apache.logging.log4j.core.config.AbstractConfiguration;
import org.apache.logging.log4j.core.config.AppenderRef;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.status.StatusLogger;
import org.apache.logging.slf4j.SLF4JServiceProvider;
import org.slf4j.ILoggerFactory;

/**
 * log4j2, set up without a configuration file: the root logger, a bounded queue that drops what does not fit, and the end that
 * gives lines to the log file's writer. A write that fails is remembered and later ones are still tried: a full disk may get room again. This,
 * {@link LineAppender} and {@link LineLayout} are the only classes that name log4j2's, so loading another one loads nothing of
 * it. Its methods are called one after the other.
 *
 * <p>The parts are put together from log4j2's builders, not by {@code ConfigurationBuilder}, which would look for
 * <code>${}</code> in the file's name and knows no other answer to a file that cannot be opened than its status log.
 */
final class LogFile {

    private static final String FILE = "log-file";
    private static final String QUEUE = "log-queue";
    private static final String DROPPED = "log-dropped";

    private final FailureKeeper failure = new FailureKeeper();
    private final CountingNoOpAppender dropped = new CountingNoOpAppender(DROPPED, null);
    private final AsyncAppender queue;
    private final LoggerContext context;
    private final ILoggerFactory loggers;

    /**
     * Starts log4j2.
     *
     * @param level  the name of the least severe level to write
     * @param format what it writes of an event
     * @param writer where
     */
    LogFile(String level, LineFormat format, LineWriter writer) {
        // The end of the process closes the log, and may come before log4j2 is there: its hook could not be added then.
        System.setProperty("log4j2.shutdownHookEnabled", "false");
        // The terminal may be the guest's by now: log4j2 must not write about itself there.
        StatusLogger.getLogger().getFallbackListener().setLevel(Level.OFF);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(new PluginlessLoader());
        Configuration configuration;
        try {
            configuration = new Configuration();
        } finally {
            thread.setContextClassLoader(before);
        }
        queue = AsyncAppender.newBuilder()
                .setName(QUEUE)
                .setConfiguration(configuration)
                .setAppenderRefs(new AppenderRef[] {AppenderRef.createAppenderRef(FILE, null, null)})
                .setErrorRef(DROPPED)
                .setBlocking(false)
                .setBufferSize(EarlyEvents.CAPACITY)
                .setBlockingQueueFactory(Queue::new)
                .build();
        configuration.getRootLogger().setLevel(Level.valueOf(level));
        context = Configurator.initialize(LogFile.class.getClassLoader(), configuration);
        Appender file = new LineAppender(FILE, new LineLayout(format), writer);
        file.setHandler(failure);
        for (Appender appender : List.of(file, dropped, queue)) {
            configuration.addAppender(appender);
            appender.start();
        }
        configuration.getRootLogger().addAppender(queue, null, null);
        SLF4JServiceProvider binding = new SLF4JServiceProvider();
        binding.initialize();
        loggers = binding.getLoggerFactory();
    }

    /** log4j2's loggers as slf4j's. */
    ILoggerFactory loggers() {
        return loggers;
    }

    /** How many events wait in log4j2's queue. */
    int waiting() {
        return queue.getQueueSize();
    }

    /** Writes out what is in the queue, and stops log4j2; the file stays open. Waits for the disk. */
    void close() {
        queue.stop();
        context.stop();
    }

    /** How many events did not fit into the queue. */
    long dropped() {
        return dropped.getCount();
    }

    /** The first thing that went wrong in log4j2, or {@code null}. */
    String failure() {
        return failure.first();
    }

    /**
     * Finds none of log4j2's plug-ins, which parse configuration files and patterns: some 400 classes that a configuration
     * loads when it is created, and nobody here asks for.
     */
    private static final class PluginlessLoader extends ClassLoader {

        PluginlessLoader() {
            super(LogFile.class.getClassLoader());
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            return name.contains("org/apache/logging/log4j/core") ? Collections.emptyEnumeration() : super.getResources(name);
        }
    }

    /** Has room for others than the guest when the guest's lines have none. */
    private static final class Queue extends LinkedBlockingQueue<LogEvent> {

        private static final long serialVersionUID = 1L;

        Queue(int capacity) {
            super(capacity);
        }

        @Override
        public boolean offer(LogEvent event) {
            return EarlyEvents.hasRoom(event.getLoggerName(), size()) && super.offer(event);
        }
    }

    /** A configuration that gets its parts from outside. */
    private static final class Configuration extends AbstractConfiguration {

        Configuration() {
            super(null, ConfigurationSource.NULL_SOURCE);
            isShutdownHookEnabled = false;
        }

        @Override
        public void initialize() {
            // What this would do loads all of log4j2's plug-ins and adds a root logger that writes to the terminal.
            setState(State.INITIALIZED);
        }
    }

    /** Gets what the file's appender would otherwise report on the status log. Thread-safe. */
    private static final class FailureKeeper implements ErrorHandler {

        private String first;

        synchronized String first() {
            return first;
        }

        synchronized void keep(Throwable thrown) {
            if (first == null && thrown != null) {
                Throwable cause = thrown;
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                first = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
            }
        }

        @Override
        public void error(String message) {
            keep(new IllegalStateException(message));
        }

        @Override
        public void error(String message, Throwable thrown) {
            keep(thrown);
        }

        @Override
        public void error(String message, LogEvent event, Throwable thrown) {
            keep(thrown);
        }
    }
}
