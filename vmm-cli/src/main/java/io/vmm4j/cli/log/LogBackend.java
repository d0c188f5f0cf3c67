package io.vmm4j.cli.log;

import io.vmm4j.core.config.LoggerConfig;
import java.nio.file.Path;
import org.slf4j.event.Level;

/**
 * The process's log: first a level, then, once there is time for it, a file. Events from before {@link #start} are kept.
 * Thread-safe.
 */
public final class LogBackend {

    /** How long the end of the process waits for a log's disk that takes nothing. */
    private static final long STUCK_MILLIS = 5_000;

    private final LogQueue queue = QueueLoggerProvider.queue();
    private final Path path;
    private final LoggerConfig.Level level;
    private Thread writer;
    private volatile boolean isClosing;
    private volatile long written;
    private volatile String failure;

    /**
     * Sets the level; the file is not touched.
     *
     * @param path  the log file
     * @param level the least severe level to keep; with {@code OFF} no file is made
     */
    public LogBackend(Path path, LoggerConfig.Level level) {
        this.path = path;
        this.level = level;
        queue.setLevel(level);
    }

    /** Creates or truncates the file, on a thread of the log's own; what has been logged so far goes there first. */
    public synchronized void start() {
        if (writer == null && level != LoggerConfig.Level.OFF) {
            writer = new Thread(this::write, "vmm-log");
            writer.setDaemon(true);
            writer.start();
        }
    }

    /**
     * Writes out what is waiting and closes the file; waits for that as long as it gets on. A second call does nothing.
     *
     * @return why the file is missing or incomplete, or {@code null} when it is not
     */
    public String close() throws InterruptedException {
        Thread running;
        synchronized (this) {
            running = writer;
            isClosing = true;
        }
        if (running == null) {
            return null;
        }
        // Not an interrupt: log4j2 does not survive one while it starts.
        queue.wake();
        long before;
        do {
            before = written;
            running.join(STUCK_MILLIS);
        } while (running.isAlive() && written != before);
        return running.isAlive() ? "its disk does not answer" : failure;
    }

    private void write() {
        try {
            LogFile file = LogFile.open(path);
            failure = file == null ? "it cannot be opened" : writeUntilClosed(file);
        } catch (InterruptedException e) {
            failure = "its thread was interrupted";
        } catch (RuntimeException | Error e) {
            failure = e.toString();
        }
    }

    private String writeUntilClosed(LogFile file) throws InterruptedException {
        try (file) {
            while (!isClosing || !queue.isEmpty()) {
                writeNext(file);
            }
        }
        return file.failure();
    }

    private void writeNext(LogFile file) throws InterruptedException {
        LogEvent event = queue.take();
        long dropped = queue.takeDropped();
        if (dropped > 0) {
            file.write(new LogEvent(System.currentTimeMillis(), Level.WARN, LogBackend.class.getName(),
                    Thread.currentThread().getName(), dropped + " events were dropped: the log's disk is too slow", null),
                    event == null);
        }
        if (event != null) {
            file.write(event, queue.isEmpty());
            written = written + 1;
        }
    }
}
