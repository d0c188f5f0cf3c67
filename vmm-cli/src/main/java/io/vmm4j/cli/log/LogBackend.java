package io.vmm4j.cli.log;

import io.vmm4j.core.config.LoggerConfig;
import io.vmm4j.core.host.Threads;
import io.vmm4j.kvm.libc.ResourceLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The process's log: first a level, then, once there is time for it, a file. Events from before {@link #start} are kept, and written
 * without log4j2; that begins when more than a few have come, so a machine that logs its start, its end and what it was asked to does
 * without.
 * Thread-safe.
 */
public final class LogBackend {

    /** How long the end of the process waits for a log's disk that takes nothing. */
    private static final long STUCK_MILLIS = 10_000;

    /** How long {@link #startSoon} leaves the processors and the disk to the guest. */
    private static final long GRACE_MILLIS = 500;

    /** How many events the log's own thread writes before log4j2 is worth its start. */
    static final int FEW_EVENTS = 100;

    private final EarlyLoggers loggers = EarlyLoggers.ofThisProcess();
    private final Path path;
    private final LoggerConfig.Level level;
    private final long stuckMillis;
    private final LogDestination.Opener opener;
    private final Consumer<Thread> threads;
    private final CountDownLatch due = new CountDownLatch(1);
    private Thread starter;
    private Thread closer;
    private volatile RecordWriter file;
    private volatile LogFile log4j;
    private volatile boolean isClosing;
    private volatile boolean isLoading;
    private volatile int steps;
    private volatile String failure;

    /**
     * Sets the level; the file is not touched.
     *
     * @param path  the log file
     * @param level the least severe level to keep; with {@code OFF} no file is made
     */
    public LogBackend(Path path, LoggerConfig.Level level) {
        this(path, level, STUCK_MILLIS, LogDestinations::open);
    }

    LogBackend(Path path, LoggerConfig.Level level, long stuckMillis, LogDestination.Opener opener) {
        this(path, level, stuckMillis, opener, Thread::start);
    }

    /** @param threads starts them */
    LogBackend(Path path, LoggerConfig.Level level, long stuckMillis, LogDestination.Opener opener, Consumer<Thread> threads) {
        this.path = path;
        this.level = level;
        this.stuckMillis = stuckMillis;
        this.opener = opener;
        this.threads = threads;
        loggers.events().setLevel(level);
    }

    /**
     * Opens the file, on a thread of the log's own; what has been logged so far goes there first. Where the host has no thread,
     * {@link #close} does it all.
     */
    public void start() {
        due.countDown();
        startSoon();
    }

    /** Like {@link #start}, after half a second or when the log is closed. */
    public synchronized void startSoon() {
        if (starter == null && level != LoggerConfig.Level.OFF) {
            starter = run(this::open, "vmm-log");
        }
    }

    /**
     * Writes out what is waiting and closes the file; waits for that as long as it gets on. A second call does nothing.
     *
     * @return why the file is missing or incomplete, or {@code null} when it is not
     */
    public String close() throws InterruptedException {
        Thread closing;
        synchronized (this) {
            if (starter == null) {
                return null;
            }
            isClosing = true;
            due.countDown();
            loggers.events().wake();
            if (closer == null) {
                closer = run(this::finish, "vmm-log-end");
                if (hasNotBegun(closer)) {
                    finish();
                }
            }
            closing = closer;
        }
        int before;
        do {
            before = progress();
            closing.join(stuckMillis);
            // While log4j2 is being loaded, it is not the disk that takes long.
        } while (closing.isAlive() && (isLoading || progress() > before));
        return closing.isAlive() ? "its disk does not answer" : failure;
    }

    /** Grows with each event that waits no more, and with each step of the way to that. */
    private int progress() {
        LogFile opened = log4j;
        return steps - loggers.events().size() - (opened == null ? 0 : opened.waiting());
    }

    private void open() {
        try {
            due.await(GRACE_MILLIS, TimeUnit.MILLISECONDS);
            RecordWriter opened = new RecordWriter(path, opener, level);
            file = opened;
            steps = 1;
            int written = opened.write(loggers.events());
            steps = 2;
            while (written <= FEW_EVENTS && loggers.events().await(() -> isClosing)) {
                written += opened.write(loggers.events());
            }
            if (written > FEW_EVENTS && !isClosing) {
                startLog4jOrDoWithout(opened);
            }
        } catch (IOException e) {
            failure = e.getMessage();
        } catch (InterruptedException | RuntimeException | Error e) {
            failure = Threads.isLackOfThreads(e) ? "the host has no thread for it: " + ResourceLimits.ofThreads() : e.toString();
        }
    }

    /** log4j2 has a thread of its own, which the host may not have. */
    private void startLog4jOrDoWithout(RecordWriter opened) throws InterruptedException {
        try {
            startLog4j(opened);
        } catch (OutOfMemoryError e) {
            if (!Threads.isLackOfThreads(e)) {
                throw e;
            }
            while (loggers.events().await(() -> isClosing)) {
                opened.write(loggers.events());
            }
        }
    }

    private void startLog4j(RecordWriter opened) {
        isLoading = true;
        LogFile started;
        try {
            started = new LogFile(level.name(), opened.format(), opened.writer());
        } finally {
            isLoading = false;
        }
        steps = 3;
        opened.write(loggers.events());
        steps = 4;
        log4j = started;
        loggers.attach(started.loggers());
        steps = 5;
        // What came while the first was written.
        opened.write(loggers.events());
    }

    private void finish() {
        try {
            // Not an interrupt: log4j2 does not survive one while it starts.
            starter.join();
            if (hasNotBegun(starter)) {
                open();
            }
            loggers.detach();
            if (file != null) {
                close(file, log4j);
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            failure = e.toString();
        }
    }

    private void close(RecordWriter opened, LogFile started) {
        long dropped = loggers.events().takeDropped();
        if (started != null) {
            started.close();
            dropped += started.dropped();
            failure = failure == null ? started.failure() : failure;
        }
        // Without log4j2 all since the file was opened, else what another thread was about to record when its logger stopped recording.
        opened.write(loggers.events());
        String missing = opened.close(dropped);
        failure = failure == null ? missing : failure;
    }

    /** A thread with {@code task}; where the host has none to give, one that {@link #hasNotBegun}, and who waits for its end does its work. */
    private Thread run(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        try {
            threads.accept(thread);
        } catch (OutOfMemoryError e) {
            if (!Threads.isLackOfThreads(e)) {
                throw e;
            }
        }
        return thread;
    }

    private static boolean hasNotBegun(Thread thread) {
        return thread.getState() == Thread.State.NEW;
    }
}
