package io.vmm4j.cli.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.layout.AbstractStringLayout;

/**
 * A line an event: {@code 2026-01-31T12:00:00.123Z INFO  [thread] Class: message}, then the stack trace if there is one.
 * Written out by hand: log4j2's pattern layout searches for its plugins first, which takes longer than a guest's start.
 */
final class LogLayout extends AbstractStringLayout {

    LogLayout() {
        super(StandardCharsets.UTF_8);
    }

    @Override
    public String toSerializable(LogEvent event) {
        StringBuilder line = new StringBuilder();
        line.append(time(event.getTimeMillis())).append(' ');
        String level = event.getLevel().name();
        line.append(level).append(" ".repeat(Math.max(0, "ERROR".length() - level.length())));
        line.append(" [").append(event.getThreadName()).append("] ");
        String logger = event.getLoggerName();
        line.append(logger, logger.lastIndexOf('.') + 1, logger.length()).append(": ");
        line.append(event.getMessage().getFormattedMessage()).append('\n');
        if (event.getThrown() != null) {
            StringWriter stack = new StringWriter();
            event.getThrown().printStackTrace(new PrintWriter(stack, true));
            line.append(stack);
        }
        return line.toString();
    }

    /** ISO 8601 in UTC, with three digits of a second whatever they are. */
    private static String time(long millis) {
        String seconds = Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
        String fraction = Long.toString(1000 + Math.floorMod(millis, 1000)).substring(1);
        return seconds.substring(0, seconds.length() - 1) + '.' + fraction + 'Z';
    }
}
