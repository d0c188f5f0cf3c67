package io.vmm4j.core.host;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that is there before there is something for it to do, so that none has to be had then. It runs one task after the
 * other; what a task throws goes to the log. Thread-safe.
 */
public final class StandbyThread implements Executor, AutoCloseable {

    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(StandbyThread.class);
    }

    private final Thread thread;
    /* Guarded by this. */
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private boolean isClosed;

    private StandbyThread(String name) {
        thread = new Thread(name) {
            @Override
            public void run() {
                runUntilClosed();
            }
        };
        thread.setDaemon(true);
    }

    /**
     * Starts one.
     *
     * @param name the thread's
     * @throws IOException when the host has none to give
     */
    public static StandbyThread start(String name) throws IOException {
        StandbyThread started = new StandbyThread(name);
        Threads.start(started.thread);
        return started;
    }

    /** The thread, for those who count or wait for it. */
    public Thread thread() {
        return thread;
    }

    /** @throws RejectedExecutionException once it is closed */
    @Override
    public synchronized void execute(Runnable task) {
        if (isClosed) {
            throw new RejectedExecutionException("thread " + thread.getName() + " takes nothing any more");
        }
        tasks.add(task);
        notifyAll();
    }

    private void runUntilClosed() {
        for (Runnable task = next(); task != null; task = next()) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                Log.LOG.error("thread {} met a fault", thread.getName(), e);
            }
        }
    }

    /** Null at the end. */
    private synchronized Runnable next() {
        while (tasks.isEmpty() && !isClosed) {
            try {
                wait();
            } catch (InterruptedException e) {
                Log.LOG.debug("thread {} was interrupted, and stays", thread.getName());
            }
        }
        return tasks.poll();
    }

    /** Ends the thread once it has run what it was given; does not wait for that. A second call does nothing. */
    @Override
    public synchronized void close() {
        isClosed = true;
        notifyAll();
    }
}
