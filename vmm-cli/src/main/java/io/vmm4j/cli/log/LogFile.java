package io.vmm4j.cli.log;

import java.nio.file.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.AbstractLogEvent;
import org.apache.logging.log4j.core.ErrorHandler;
import org.apache.logging.log4j.core.appender.FileAppender;
import org.apache.logging.log4j.message.Message;
import org.apache.logging.log4j.message.SimpleMessage;
import org.apache.logging.log4j.status.StatusLogger;

/**
 * The log file: log4j2's file appender, set up without a configuration. Confined to the thread
 * that writes. A write that fails is remembered and later ones are still tried: a full disk may get room again.
 */
final class LogFile implements AutoCloseable {

    private static final int BUFFER_BYTES = 16 << 10;

    private final FileAppender appender;
    private String failure;

    private LogFile(FileAppender appender) {
        this.appender = appender;
        appender.setHandler(new FailureKeeper());
    }

    /**
     * Creates or truncates the file.
     *
     * @return {@code null} when it could not be opened
     */
    static LogFile open(Path path) {
        // The terminal may be the guest's by now: log4j2 must not write about itself there.
        StatusLogger.getLogger().getFallbackListener().setLevel(Level.OFF);
        FileAppender appender = FileAppender.newBuilder()
                .setName("log-file")
                .setLayout(new LogLayout())
                .withFileName(path.toString())
                .withAppend(false)
                .setBufferedIo(true)
                .setBufferSize(BUFFER_BYTES)
                .setImmediateFlush(false)
                .build();
        if (appender == null) {
            return null;
        }
        appender.start();
        return new LogFile(appender);
    }

    /**
     * Writes an event.
     *
     * @param isLast whether no other event waits, so that the file is brought up to date
     */
    void write(LogEvent event, boolean isLast) {
        try {
            appender.append(new FileEvent(event, isLast));
        } catch (RuntimeException e) {
            keep(e);
        }
    }

    /** The first reason why something is missing in the file, or {@code null}. */
    String failure() {
        return failure;
    }

    /** Writes out what log4j2 still holds; a failure is remembered as that of a write is. */
    @Override
    public void close() {
        try {
            appender.stop();
        } catch (RuntimeException e) {
            keep(e);
        }
    }

    private void keep(Throwable thrown) {
        if (failure == null && thrown != null) {
            Throwable cause = thrown;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            failure = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        }
    }

    /** An event as log4j2 wants it; its own class looks for context providers that nobody here has. */
    private static final class FileEvent extends AbstractLogEvent {

        private static final long serialVersionUID = 1L;

        private final transient LogEvent event;
        private final boolean isLast;

        FileEvent(LogEvent event, boolean isLast) {
            this.event = event;
            this.isLast = isLast;
        }

        @Override
        public long getTimeMillis() {
            return event.millis();
        }

        @Override
        public Level getLevel() {
            return switch (event.level()) {
                case ERROR -> Level.ERROR;
                case WARN -> Level.WARN;
                case INFO -> Level.INFO;
                case DEBUG -> Level.DEBUG;
                case TRACE -> Level.TRACE;
            };
        }

        @Override
        public String getLoggerName() {
            return event.loggerName();
        }

        @Override
        public String getThreadName() {
            return event.threadName();
        }

        @Override
        public Message getMessage() {
            return new SimpleMessage(event.message());
        }

        @Override
        public Throwable getThrown() {
            return event.thrown();
        }

        @Override
        public boolean isEndOfBatch() {
            return isLast;
        }
    }

    /** Gets what the appender would otherwise report on stderr. */
    private final class FailureKeeper implements ErrorHandler {

        @Override
        public void error(String message) {
            keep(new IllegalStateException(message));
        }

        @Override
        public void error(String message, Throwable thrown) {
            keep(thrown);
        }

        @Override
        public void error(String message, org.apache.logging.log4j.core.LogEvent event, Throwable thrown) {
            keep(thrown);
        }
    }
}
