package io.vmm4j.cli.log;

import io.vmm4j.core.config.LoggerConfig;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** A logger that hands its events to a {@link LogQueue}. Messages are put together on the caller's thread. */
final class QueueLogger extends LegacyAbstractLogger {

    private static final long serialVersionUID = 1L;

    private final transient LogQueue queue;

    QueueLogger(String name, LogQueue queue) {
        this.name = name;
        this.queue = queue;
    }

    @Override
    public boolean isTraceEnabled() {
        return queue.isEnabled(LoggerConfig.Level.TRACE);
    }

    @Override
    public boolean isDebugEnabled() {
        return queue.isEnabled(LoggerConfig.Level.DEBUG);
    }

    @Override
    public boolean isInfoEnabled() {
        return queue.isEnabled(LoggerConfig.Level.INFO);
    }

    @Override
    public boolean isWarnEnabled() {
        return queue.isEnabled(LoggerConfig.Level.WARN);
    }

    @Override
    public boolean isErrorEnabled() {
        return queue.isEnabled(LoggerConfig.Level.ERROR);
    }

    @Override
    protected String getFullyQualifiedCallerName() {
        return QueueLogger.class.getName();
    }

    @Override
    protected void handleNormalizedLoggingCall(Level level, Marker marker, String pattern, Object[] arguments,
            Throwable thrown) {
        String message = MessageFormatter.basicArrayFormat(pattern, arguments);
        queue.offer(new LogEvent(System.currentTimeMillis(), level, name, Thread.currentThread().getName(), message,
                thrown));
    }
}
