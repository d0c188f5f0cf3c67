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
 * The process's log: first a level, then, once there is time for it, a file. Events from before {@link #start} are kept.
 * Thread-safe.
 */
public final class LogBackend {

    /** How long the end of the process waits for a log's disk that takes nothing. */
    private static final long STUCK_MILLIS = 10_000;

    /** How long {@link #startSoon} leaves the processors to the guest: log4j2 takes one of them for some 100 ms. */
    private static final long GRACE_MILLIS = 500;

    private final EarlyLoggers loggers = EarlyLoggers.ofThisProcess();
    private final Path path;
    private final LoggerConfig.Level level;
    private final long stuckMillis;
    private final LogDestination.Opener opener;
    private final Consumer<Thread> threads;
    private final CountDownLatch due = new CountDownLatch(1);
    private Thread starter;
    private Thread closer;
    private volatile LogFile file;
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
            due.countDown();
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
        } while (closing.isAlive() && (steps == 0 || progress() > before));
        return closing.isAlive() ? "its disk does not answer" : failure;
    }

    /** Grows with each event that waits no more, and with each step of the way to that. */
    private int progress() {
        LogFile opened = file;
        return steps - loggers.events().size() - (opened == null ? 0 : opened.waiting());
    }

    private void open() {
        try {
            due.await(GRACE_MILLIS, TimeUnit.MILLISECONDS);
            LogFile opened = new LogFile(level.name());
            steps = 1;
            opened.open(path, opener);
            file = opened;
            steps = 2;
            opened.write(loggers.events());
            steps = 3;
            loggers.attach(opened.loggers());
            steps = 4;
            // What came while the first was written.
            opened.write(loggers.events());
        } catch (IOException e) {
            failure = e.getMessage();
        } catch (InterruptedException | RuntimeException | Error e) {
            failure = Threads.isLackOfThreads(e) ? "the host has no thread for it: " + ResourceLimits.ofThreads() : e.toString();
        }
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
                // What another thread was about to record when its logger stopped recording.
                file.write(loggers.events());
                String missing = file.close(loggers.events().takeDropped());
                failure = failure == null ? missing : failure;
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            failure = e.toString();
        }
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
