package io.vmm4j.cli.log;

import io.vmm4j.devices.text.Printable;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.layout.AbstractStringLayout;

/**
 * One line an event: local time to the millisecond with its offset, level, thread, the last part of the logger's name,
 * message; a stack trace follows, indented. Text of users and guests cannot end a line or begin one. In a file that has the
 * lines of several processes, the thread is followed by the process's id: {@code [vcpu-0@4711]}. Thread-safe.
 *
 * <p>log4j2's {@code PatternLayout} can say the same, but loads every plug-in that log4j2 has, some 400 classes, to
 * understand its pattern.
 */
final class LineLayout extends AbstractStringLayout {

    private static final int LEVEL_CHARS = 5;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX");

    private final ZoneId zone = ZoneId.systemDefault();
    private final String process;

    /** @param isShared whether the file has other processes' lines too */
    LineLayout(boolean isShared) {
        super(StandardCharsets.UTF_8);
        process = isShared ? "@" + ProcessHandle.current().pid() : "";
    }

    @Override
    public String toSerializable(LogEvent event) {
        StringBuilder line = getStringBuilder();
        TIME.formatTo(Instant.ofEpochMilli(event.getTimeMillis()).atZone(zone), line);
        String level = event.getLevel().name();
        line.append(' ').append(level).append(" ".repeat(Math.max(0, LEVEL_CHARS - level.length())));
        line.append(" [").append(event.getThreadName()).append(process).append("] ");
        String logger = event.getLoggerName();
        line.append(logger, logger.lastIndexOf('.') + 1, logger.length()).append(": ");
        line.append(Printable.escape(event.getMessage().getFormattedMessage())).append('\n');
        if (event.getThrown() != null) {
            StringWriter trace = new StringWriter();
            event.getThrown().printStackTrace(new PrintWriter(trace));
            trace.toString().lines().map(String::strip)
                    .forEach(part -> line.append('\t').append(Printable.escape(part)).append(System.lineSeparator()));
        }
        String text = line.toString();
        trimToMaxSize(line);
        return text;
    }
}
