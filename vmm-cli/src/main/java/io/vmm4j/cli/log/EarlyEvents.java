package io.vmm4j.cli.log;

import io.vmm4j.core.config.LoggerConfig;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.slf4j.event.SubstituteLoggingEvent;

/** What slf4j's recording loggers write to. Thread-safe; when it is full, events are counted instead of kept. */
final class EarlyEvents extends LinkedBlockingQueue<SubstituteLoggingEvent> {

    /** How many events are kept, here and later in log4j2's queue. */
    static final int CAPACITY = 4096;

    /** How many of them may be a guest's lines when another comes, so that a guest's flood pushes nothing else out. */
    private static final int GUEST_CAPACITY = CAPACITY - CAPACITY / 4;
    private static final String GUEST_LOGGERS = "guest.";

    private static final long serialVersionUID = 1L;

    private final AtomicLong dropped = new AtomicLong();
    private volatile LoggerConfig.Level level = LoggerConfig.Level.INFO;

    EarlyEvents() {
        super(CAPACITY);
    }

    /** Sets the least severe level to keep; a recording logger takes every level for enabled. */
    void setLevel(LoggerConfig.Level level) {
        this.level = level;
    }

    /** Keeps an event if there is room; called by who logs, so it neither waits nor throws. */
    @Override
    public boolean add(SubstituteLoggingEvent event) {
        if (LoggerConfig.Level.valueOf(event.getLevel().name()).ordinal() > level.ordinal()) {
            return false;
        }
        boolean isKept = hasRoom(event.getLoggerName(), size()) && offer(event);
        if (isKept) {
            wake();
        } else {
            dropped.incrementAndGet();
        }
        return isKept;
    }

    /**
     * Waits for an event, or until {@code isOver}, of whose change {@link #wake} tells.
     *
     * @return whether there is an event and it is not over
     */
    synchronized boolean await(BooleanSupplier isOver) throws InterruptedException {
        while (isEmpty() && !isOver.getAsBoolean()) {
            wait();
        }
        return !isOver.getAsBoolean();
    }

    /** Has {@link #await} look again. */
    synchronized void wake() {
        notifyAll();
    }

    /** Whether a queue of {@link #CAPACITY} in which {@code waiting} events wait takes one more of that logger. */
    static boolean hasRoom(String logger, int waiting) {
        return waiting < (logger.startsWith(GUEST_LOGGERS) ? GUEST_CAPACITY : CAPACITY);
    }

    /** How many events were dropped since the last call. */
    long takeDropped() {
        return dropped.getAndSet(0);
    }
}
