package io.vmm4j.cli.log;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.apache.logging.log4j.core.config.AppenderControl;
import org.apache.logging.log4j.core.config.AppenderRef;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.ParameterizedMessage;
import org.apache.logging.log4j.status.StatusLogger;
import org.apache.logging.slf4j.SLF4JServiceProvider;
import org.slf4j.ILoggerFactory;
import org.slf4j.event.SubstituteLoggingEvent;

/**
 * log4j2, set up without a configuration file: the root logger, a bounded queue that drops what does not fit, and the log
 * file. A write that fails is remembered and later ones are still tried: a full disk may get room again. This,
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
    private final Configuration configuration;
    private final AsyncAppender queue;
    private final LoggerContext context;
    private final ILoggerFactory loggers;
    private LineWriter writer;
    private AppenderControl direct;

    /**
     * Starts log4j2, with nowhere to write to yet: what takes long in this, and needs no log's disk.
     *
     * @param level the name of the least severe level to write
     */
    LogFile(String level) {
        // The end of the process closes the log, and may come before log4j2 is there: its hook could not be added then.
        System.setProperty("log4j2.shutdownHookEnabled", "false");
        // The terminal may be the guest's by now: log4j2 must not write about itself there.
        StatusLogger.getLogger().getFallbackListener().setLevel(Level.OFF);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(new PluginlessLoader());
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
        SLF4JServiceProvider binding = new SLF4JServiceProvider();
        binding.initialize();
        loggers = binding.getLoggerFactory();
    }

    /**
     * Opens the file, and has log4j2 write to it. Waits for the disk.
     *
     * @throws IOException when it cannot be opened; log4j2 is stopped then
     */
    void open(Path path, LogDestination.Opener opener) throws IOException {
        LogDestination destination;
        try {
            destination = opener.open(path);
        } catch (IOException e) {
            context.stop();
            throw e;
        }
        writer = new LineWriter(destination);
        Appender file = new LineAppender(FILE, new LineLayout(destination.isShared()), writer);
        file.setHandler(failure);
        direct = new AppenderControl(file, null, null);
        for (Appender appender : List.of(file, dropped, queue)) {
            configuration.addAppender(appender);
            appender.start();
        }
        configuration.getRootLogger().addAppender(queue, null, null);
        if (destination.isShared() && configuration.getRootLogger().getLevel().isLessSpecificThan(Level.INFO)) {
            say(Level.INFO, "this file is the log of another machine too; the lines of this one carry its process id, " + ProcessHandle.current().pid());
        }
    }

    private void say(Level level, String text) {
        direct.callAppender(Log4jLogEvent.newBuilder()
                .setLevel(level)
                .setLoggerName(LogFile.class.getName())
                .setMessage(new ParameterizedMessage(text))
                .setEndOfBatch(true)
                .build());
    }

    /** log4j2's loggers as slf4j's. */
    ILoggerFactory loggers() {
        return loggers;
    }

    /** Writes what was recorded by now, each event with the time and the thread it came from. Waits for the disk. */
    void write(EarlyEvents events) {
        List<SubstituteLoggingEvent> recorded = new ArrayList<>();
        events.drainTo(recorded);
        for (int i = 0; i < recorded.size(); i++) {
            direct.callAppender(log4jEvent(recorded.get(i), i == recorded.size() - 1));
        }
    }

    private static LogEvent log4jEvent(SubstituteLoggingEvent event, boolean isLast) {
        return Log4jLogEvent.newBuilder()
                .setTimeMillis(event.getTimeStamp())
                .setLevel(Level.valueOf(event.getLevel().name()))
                .setLoggerName(event.getLoggerName())
                .setThreadName(event.getThreadName())
                .setMessage(new ParameterizedMessage(event.getMessage(), event.getArgumentArray()))
                .setThrown(event.getThrowable())
                .setEndOfBatch(isLast)
                .build();
    }

    /** How many events wait in log4j2's queue. */
    int waiting() {
        return queue.getQueueSize();
    }

    /**
     * Writes out what is in the queue, says in the file how much did not fit, and stops log4j2. Waits for the disk.
     *
     * @param droppedEarlier how many events were dropped before log4j2 had them
     * @return the first reason why something is missing in the file, or {@code null}
     */
    String close(long droppedEarlier) {
        queue.stop();
        long missing = droppedEarlier + dropped.getCount();
        String gap = missing + " events were dropped: they came faster than the log's disk takes them";
        if (missing > 0) {
            say(Level.WARN, gap);
        }
        writer.close();
        context.stop();
        String first = failure.first() == null ? writer.complaint() : failure.first();
        return first == null && missing > 0 ? gap : first;
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
