package io.vmm4j.cli.log;

import org.slf4j.event.Level;

/**
 * Something to be logged, its message complete.
 *
 * @param millis     when, in milliseconds since 1970
 * @param level      how severe
 * @param loggerName who says so
 * @param threadName on which thread
 * @param message    one or more lines
 * @param thrown     what was thrown, or {@code null}
 */
record LogEvent(long millis, Level level, String loggerName, String threadName, String message, Throwable thrown) {
}
