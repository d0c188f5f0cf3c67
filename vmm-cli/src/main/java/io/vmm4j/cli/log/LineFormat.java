package io.vmm4j.cli.log;

import io.vmm4j.devices.text.Printable;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.format.DateTimeFormatter;

/**
 * One line an event: local time to the millisecond with its offset, level, thread, the last part of the logger's name,
 * message; a stack trace follows, indented. Text of users and guests cannot end a line or begin one. In a file that has the
 * lines of several processes, the thread is followed by the process's id: {@code [vcpu-0@4711]}. Thread-safe.
 */
final class LineFormat {

    private static final int LEVEL_CHARS = 5;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX");

    private final String process;

    /** @param isShared whether the file has other processes' lines too */
    LineFormat(boolean isShared) {
        process = isShared ? "@" + ProcessHandle.current().pid() : "";
    }

    /**
     * The lines of an event, each with its end.
     *
     * @param millis  when it was, in milliseconds since 1970
     * @param level   the level's name
     * @param thread  the name of the thread it came from
     * @param logger  the whole name of its logger
     * @param message its text, with the arguments in place
     * @param thrown  what is shown with its stack, or {@code null}
     */
    String text(long millis, String level, String thread, String logger, String message, Throwable thrown) {
        StringBuilder line = new StringBuilder();
        TIME.formatTo(LocalClock.at(millis), line);
        line.append(' ').append(level).append(" ".repeat(Math.max(0, LEVEL_CHARS - level.length())));
        line.append(" [").append(thread).append(process).append("] ");
        line.append(logger, logger.lastIndexOf('.') + 1, logger.length()).append(": ");
        line.append(Printable.escape(String.valueOf(message))).append('\n');
        if (thrown != null) {
            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            trace.toString().lines().map(String::strip)
                    .forEach(part -> line.append('\t').append(Printable.escape(part)).append(System.lineSeparator()));
        }
        return line.toString();
    }
}
