package io.vmm4j.core.host;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/**
 * Work that takes a thread for as long as it lasts, a vCPU's or an event loop's. It is used as a {@link Thread} is that was made for it, but runs
 * on one that earlier work of the kind has left, where there is one: to make a thread costs a machine's start more than most else. Thread-safe.
 */
public final class Worker {

    /** What the work is, which threads are kept apart by: what one kind asks of the host the others need not be let do. */
    public enum Kind {
        /** Runs a vCPU. */
        VCPU,
        /** Runs the event loop that every machine has. */
        EVENTS,
        /** Runs a loop that a device has to itself. Such a thread is not kept: it may have made itself somebody else, as a share's do. */
        DEVICE
    }

    private final Kind kind;
    private final Runnable work;
    private volatile String name;
    /** Null before it is started, and when it is done. */
    private volatile Thread thread;
    private volatile boolean isStarted;
    /* Set before it is started. */
    private MachineThreads machine;
    private MachineThreads.Role role;
    /** Guarded by this. */
    private boolean isDone;

    /**
     * @param name of the thread while it does this
     * @param work must leave nothing behind on the thread
     */
    public Worker(Kind kind, String name, Runnable work) {
        this.kind = kind;
        this.name = name;
        this.work = work;
    }

    /** What its thread is called. */
    public String name() {
        return name;
    }

    /** Counts it among the threads of {@code threads} while it runs, under {@code ownName}. Before {@link #start}. */
    void countAmong(MachineThreads threads, MachineThreads.Role as, String ownName) {
        machine = threads;
        role = as;
        name = ownName;
    }

    /**
     * Starts it. Once.
     *
     * @throws IOException when the host has no thread to give; as if it had not been called
     */
    public void start() throws IOException {
        start(SpareThreads.of(kind));
    }

    /** On one of {@code threads}. */
    void start(SpareThreads threads) throws IOException {
        isStarted = true;
        try {
            threads.run(this);
        } catch (IOException e) {
            isStarted = false;
            throw e;
        }
    }

    /** Whether {@link #start} was called, and has not failed. */
    public boolean isStarted() {
        return isStarted;
    }

    /** The thread it runs on; {@code null} before it is started and when it is done. */
    public Thread thread() {
        return thread;
    }

    /** Whether this is called by the work. */
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /** Of the thread that is to run it, before it does. */
    void givenTo(Thread given) {
        thread = given;
    }

    /** On the thread that it was given to. */
    void run() {
        Thread own = Thread.currentThread();
        if (!name.equals(own.getName())) {
            own.setName(name);
        }
        if (machine != null) {
            machine.enter(own, role);
        }
        try {
            work.run();
        } catch (Throwable e) {
            // The work tells its machine of faults; this one is in the telling, and the thread has other work to come.
            LoggerFactory.getLogger(Worker.class).error("the thread {} met a fault", name, e);
        } finally {
            if (machine != null) {
                machine.leave(own);
            }
        }
    }

    /** On the same thread, which is free for others by now. */
    synchronized void done() {
        thread = null;
        isDone = true;
        notifyAll();
    }

    /** Waits until it is done; an interrupt of the caller is kept for later. Not from the work. */
    public void join() {
        while (!joinWithin(Long.MAX_VALUE)) {
            continue;
        }
    }

    /** As {@link #join}, for {@code millis} at most; returns whether it is done, or was never started. */
    public boolean joinWithin(long millis) {
        return Threads.awaitUninterruptibly(this, () -> !isAlive(), TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private synchronized boolean isAlive() {
        return isStarted && !isDone;
    }
}
