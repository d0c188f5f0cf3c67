package io.vmm4j.cli.log;

import io.vmm4j.core.config.LoggerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.event.Level;
import org.slf4j.event.SubstituteLoggingEvent;
import org.slf4j.helpers.MessageFormatter;

/**
 * The log file, and what is recorded while log4j2 has no loggers for it: written without log4j2, which takes longer to get ready than a
 * short guest runs. Its methods are called one after the other; the {@link LineWriter} is thread-safe.
 */
final class RecordWriter {

    private final LineWriter writer;
    private final LineFormat format;

    /**
     * Opens the file. Waits for the disk.
     *
     * @param level the least severe level to write
     * @throws IOException when it cannot be opened
     */
    RecordWriter(Path path, LogDestination.Opener opener, LoggerConfig.Level level) throws IOException {
        LogDestination destination = opener.open(path);
        writer = new LineWriter(destination);
        format = new LineFormat(destination.isShared());
        if (destination.isShared() && level.ordinal() >= LoggerConfig.Level.INFO.ordinal()) {
            say(Level.INFO, "this file is the log of another machine too; the lines of this one carry its process id, " + ProcessHandle.current().pid());
        }
    }

    LineWriter writer() {
        return writer;
    }

    LineFormat format() {
        return format;
    }

    /** Writes what was recorded by now, each event with the time and the thread it came from; says how many. Waits for the disk. */
    int write(EarlyEvents events) {
        List<SubstituteLoggingEvent> recorded = new ArrayList<>();
        events.drainTo(recorded);
        for (SubstituteLoggingEvent event : recorded) {
            String message = MessageFormatter.basicArrayFormat(event.getMessage(), event.getArgumentArray());
            writer.add(format.text(event.getTimeStamp(), event.getLevel().name(), event.getThreadName(), event.getLoggerName(), message,
                    event.getThrowable()));
        }
        writer.flush();
        return recorded.size();
    }

    /** Writes a line of the log's own. */
    void say(Level level, String text) {
        writer.add(format.text(System.currentTimeMillis(), level.name(), Thread.currentThread().getName(), LogBackend.class.getName(), text, null));
        writer.flush();
    }

    /**
     * Says in the file how much is missing, and closes it. Waits for the disk.
     *
     * @param dropped how many events were dropped
     * @return the first reason why something is missing in the file, or {@code null}
     */
    String close(long dropped) {
        String gap = dropped + " events were dropped: they came faster than the log's disk takes them";
        if (dropped > 0) {
            say(Level.WARN, gap);
        }
        writer.close();
        return writer.complaint() == null && dropped > 0 ? gap : writer.complaint();
    }
}
