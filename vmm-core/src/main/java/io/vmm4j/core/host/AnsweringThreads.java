package io.vmm4j.core.host;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes futures, whose followers may wait, for another future too. One thread is there from the start. While followers
 * keep all there are, one more is made for the next answer; where the host has none, the answer comes when one is free again.
 * Thread-safe.
 */
final class AnsweringThreads implements Executor, AutoCloseable {

    private static final long SPARE_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(AnsweringThreads.class);
    }

    private final String name;
    private final long spareMillis;
    /* Guarded by this. */
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private int idle;
    private boolean isClosed;

    private AnsweringThreads(String name, long spareMillis) {
        this.name = name;
        this.spareMillis = spareMillis;
    }

    /**
     * @param name of each thread
     * @throws IOException when the host has no thread to give
     */
    static AnsweringThreads start(String name) throws IOException {
        return start(name, SPARE_MILLIS);
    }

    /** @param spareMillis how long a further thread stays without work */
    static AnsweringThreads start(String name, long spareMillis) throws IOException {
        AnsweringThreads started = new AnsweringThreads(name, spareMillis);
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
            Log.LOG.debug("an answer waits until a thread is free: {}", e.getMessage());
        }
    }

    private void answerUntilDone(boolean isLasting) {
        for (Runnable task = next(isLasting); task != null; task = next(isLasting)) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                Log.LOG.error("an answer was not given", e);
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
                Log.LOG.debug("an answering thread was interrupted by a follower, and stays");
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
