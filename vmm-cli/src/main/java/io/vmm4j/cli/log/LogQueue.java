package io.vmm4j.cli.log;

import io.vmm4j.core.config.LoggerConfig;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.event.Level;

/**
 * Events between those who log and the one thread that writes. Thread-safe; {@link #offer} never waits: when the writer
 * cannot keep up, events are counted instead of kept.
 */
final class LogQueue {

    private static final int CAPACITY = 4096;
    private static final LogEvent WAKE = new LogEvent(0, Level.TRACE, "", "", "", null);

    private final ArrayBlockingQueue<LogEvent> events = new ArrayBlockingQueue<>(CAPACITY);
    private final AtomicLong dropped = new AtomicLong();
    private volatile LoggerConfig.Level level = LoggerConfig.Level.INFO;

    void setLevel(LoggerConfig.Level level) {
        this.level = level;
    }

    /** True when events as severe as {@code wanted} are kept. */
    boolean isEnabled(LoggerConfig.Level wanted) {
        return wanted.ordinal() <= level.ordinal();
    }

    void offer(LogEvent event) {
        if (!events.offer(event)) {
            dropped.incrementAndGet();
        }
    }

    /** Waits for the next event; {@code null} when it was {@link #wake woken} instead. */
    LogEvent take() throws InterruptedException {
        LogEvent event = events.take();
        return event == WAKE ? null : event;
    }

    /** Makes {@link #take} return; when the queue is full it does so anyway. */
    void wake() {
        events.offer(WAKE);
    }

    boolean isEmpty() {
        return events.isEmpty();
    }

    /** How many events were dropped since the last call. */
    long takeDropped() {
        return dropped.getAndSet(0);
    }
}
