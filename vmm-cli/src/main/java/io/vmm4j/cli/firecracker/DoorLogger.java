package io.vmm4j.cli.firecracker;

import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;

/** One of {@link DoorLog}'s loggers. Thread-safe. */
final class DoorLogger extends LegacyAbstractLogger {

    private static final long serialVersionUID = 1L;

    private final transient DoorLog log;

    DoorLogger(String name, DoorLog log) {
        this.name = name;
        this.log = log;
    }

    @Override
    public boolean isTraceEnabled() {
        return log.isEnabled(Level.TRACE, name);
    }

    @Override
    public boolean isDebugEnabled() {
        return log.isEnabled(Level.DEBUG, name);
    }

    @Override
    public boolean isInfoEnabled() {
        return log.isEnabled(Level.INFO, name);
    }

    @Override
    public boolean isWarnEnabled() {
        return log.isEnabled(Level.WARN, name);
    }

    @Override
    public boolean isErrorEnabled() {
        return log.isEnabled(Level.ERROR, name);
    }

    @Override
    protected String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(Level level, Marker marker, String pattern, Object[] arguments, Throwable thrown) {
        log.take(name, level, pattern, arguments, thrown);
    }
}
