package io.vmm4j.core.host;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads for tasks that may wait, for one another too: to complete futures that others follow, for one. One thread is there from the
 * start. While all there are are kept, one more is made for the next task; where the host has none, the task comes when one is free again,
 * or can be had. Thread-safe.
 */
final class AnsweringThreads implements Executor, AutoCloseable {

    private static final long SPARE_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(AnsweringThreads.class);
    }

    private final String name;
    private final long spareMillis;
    /** Has something tried again after a while. */
    private final Executor later;
    /* Guarded by this. */
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private int idle;
    private boolean isClosed;

    private AnsweringThreads(String name, long spareMillis, Executor later) {
        this.name = name;
        this.spareMillis = spareMillis;
        this.later = later;
    }

    /**
     * @param name  of each thread
     * @param later has a task wait for a while, when the host had no thread for those there are
     * @throws IOException when the host has no thread to give
     */
    static AnsweringThreads start(String name, Executor later) throws IOException {
        return start(name, SPARE_MILLIS, later);
    }

    /** @param spareMillis how long a further thread stays without work */
    static AnsweringThreads start(String name, long spareMillis, Executor later) throws IOException {
        AnsweringThreads started = new AnsweringThreads(name, spareMillis, later);
        synchronized (started) {
            Threads.start(started.newThread(true));
        }
        return started;
    }

    private Thread newThread(boolean isLasting) {
        Thread thread = new Thread(name) {
            @Override
            public void run() {
                answerUntilDone(isLasting);
            }
        };
        thread.setDaemon(true);
        return thread;
    }

    /** Runs {@code task} soon; on the caller's thread once closed. */
    @Override
    public void execute(Runnable task) {
        synchronized (this) {
            if (!isClosed) {
                tasks.add(task);
                notify();
                if (idle < tasks.size()) {
                    addThread();
                }
                return;
            }
        }
        task.run();
    }

    private void addThread() {
        try {
            newThread(false).start();
        } catch (OutOfMemoryError e) {
            Log.LOG.debug("a task waits until a thread is free: {}", e.getMessage());
            later.execute(this::addThreadIfNeeded);
        }
    }

    private synchronized void addThreadIfNeeded() {
        if (idle < tasks.size()) {
            addThread();
        }
    }

    private void answerUntilDone(boolean isLasting) {
        for (Runnable task = next(isLasting); task != null; task = next(isLasting)) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                Log.LOG.error("a task on thread {} met a fault", name, e);
            }
        }
    }

    /** Null when the thread is not needed any more. */
    private synchronized Runnable next(boolean isLasting) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(spareMillis);
        idle++;
        while (tasks.isEmpty() && !isClosed && (isLasting || System.nanoTime() - end < 0)) {
            try {
                wait(isLasting ? 0 : spareMillis);
            } catch (InterruptedException e) {
                Log.LOG.debug("thread {} was interrupted by a task, and stays", name);
            }
        }
        idle--;
        return tasks.poll();
    }

    /** Ends the threads once all that was given is done; does not wait for that. */
    @Override
    public synchronized void close() {
        isClosed = true;
        notifyAll();
    }
}
