package io.vmm4j.core.host;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that {@link Worker}s of one kind run on. One that is done with its work stays for a while, for the next; so many at most as
 * machines that come and go one after the other need. Thread-safe.
 */
final class SpareThreads {

    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int SPARES_MIN = 8;
    private static final String IDLE_NAME = "vm-spare";

    private static final Map<Worker.Kind, SpareThreads> OF_KINDS = new EnumMap<>(Worker.Kind.class);

    static {
        int max = Math.max(SPARES_MIN, 2 * Runtime.getRuntime().availableProcessors());
        for (Worker.Kind kind : Worker.Kind.values()) {
            OF_KINDS.put(kind, new SpareThreads(kind == Worker.Kind.DEVICE ? 0 : max, LINGER_NANOS));
        }
    }

    private final int max;
    private final long lingerNanos;
    /** The one that was at work last is first. Guarded by this. */
    private final Deque<Carrier> spares = new ArrayDeque<>();

    /**
     * @param max         how many stay without work
     * @param lingerNanos and how long
     */
    SpareThreads(int max, long lingerNanos) {
        this.max = max;
        this.lingerNanos = lingerNanos;
    }

    static SpareThreads of(Worker.Kind kind) {
        return OF_KINDS.get(kind);
    }

    /**
     * Runs {@code worker} on a thread that is free, or on a new one.
     *
     * @throws IOException when the host has none to give
     */
    void run(Worker worker) throws IOException {
        Carrier spare;
        synchronized (this) {
            spare = spares.pollFirst();
        }
        if (spare != null) {
            spare.take(worker);
            return;
        }
        Carrier made = new Carrier(worker);
        try {
            Threads.start(made);
        } catch (IOException e) {
            worker.givenTo(null);
            throw e;
        }
    }

    /** How many there are without work. */
    synchronized int count() {
        return spares.size();
    }

    private synchronized boolean isKept(Carrier carrier) {
        if (spares.size() >= max) {
            return false;
        }
        spares.addFirst(carrier);
        return true;
    }

    private synchronized boolean isForgotten(Carrier carrier) {
        return spares.remove(carrier);
    }

    private final class Carrier extends Thread {

        private volatile Worker next;

        Carrier(Worker first) {
            super(null, null, first.name(), 0, false); // the thread locals of who happens to start it are not its later work's
            setDaemon(true);
            setContextClassLoader(Thread.currentThread().getContextClassLoader());
            first.givenTo(this);
            next = first;
        }

        void take(Worker worker) {
            worker.givenTo(this);
            setContextClassLoader(Thread.currentThread().getContextClassLoader());
            next = worker;
            LockSupport.unpark(this);
        }

        @Override
        public void run() {
            boolean isKept = true;
            while (isKept && awaitNext()) {
                Worker worker = next;
                try {
                    worker.run();
                    next = null;
                    interrupted(); // what the work met is not the next one's
                    setContextClassLoader(null);
                    setName(IDLE_NAME);
                    // Before the end is told: who has waited for it finds the thread.
                    isKept = isKept(this);
                } finally {
                    worker.done(); // also when the log fails, and the thread by it
                }
            }
        }

        /** Whether there is one. */
        private boolean awaitNext() {
            long end = System.nanoTime() + lingerNanos;
            while (next == null) {
                long left = end - System.nanoTime();
                if (left <= 0 && isForgotten(this)) {
                    return false;
                }
                LockSupport.parkNanos(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
                interrupted();
            }
            return true;
        }
    }
}
