package io.vmm4j.devices.testing;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * An event loop run by hand on the thread that made it: tasks wait until {@link #run}, timers until the
 * {@link ManualClock} has reached their time and {@link #run} or {@link #advance} is called. {@link #execute} may be
 * called from any thread; all else belongs to the thread that made the loop, which is the one {@link #inLoop} is true on.
 * A reset from another thread waits until the loop is run; so a test with a preemptive time limit makes its loop inside of it.
 */
public final class ManualLoop implements EventLoop {

    /** More rounds than this in one {@link #run} mean that tasks or timers feed themselves for ever. */
    private static final int ROUND_LIMIT = 1_000_000;

    private final ManualClock clock;
    private final Thread owner = Thread.currentThread();
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final List<ManualTimer> timers = new ArrayList<>();

    /** @param clock the clock that timers go by */
    public ManualLoop(ManualClock clock) {
        this.clock = clock;
    }

    @Override
    public void execute(Runnable task) {
        synchronized (tasks) {
            tasks.add(task);
        }
    }

    @Override
    public LoopTimer timer(Runnable onExpiry) {
        ManualTimer timer = new ManualTimer(onExpiry);
        timers.add(timer);
        return timer;
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == owner;
    }

    /** Runs the tasks that wait and the timers that are due, and those they bring about, until none is left. */
    public void run() {
        for (int round = 0; round < ROUND_LIMIT; round++) {
            Runnable next = nextTask();
            if (next == null) {
                next = nextDueTimer();
            }
            if (next == null) {
                return;
            }
            next.run();
        }
        throw new IllegalStateException("the loop did not come to rest within " + ROUND_LIMIT + " rounds");
    }

    /** Turns the clock on by {@code amount}, stopping at each timer on the way to run what is due there. */
    public void advance(Duration amount) {
        long end = clock.nanoTime() + amount.toNanos();
        run();
        for (ManualTimer next = earliest(); next != null && next.dueNanos - end <= 0; next = earliest()) {
            clock.advanceNanos(Math.max(0, next.dueNanos - clock.nanoTime()));
            run();
        }
        clock.advanceNanos(end - clock.nanoTime());
        run();
    }

    /** Tasks that wait for {@link #run}. */
    public int pendingTasks() {
        synchronized (tasks) {
            return tasks.size();
        }
    }

    /** Timers that are armed. */
    public int armedTimers() {
        int armed = 0;
        for (ManualTimer timer : timers) {
            armed += timer.armed ? 1 : 0;
        }
        return armed;
    }

    /** Timers that were made and not closed, armed or not. */
    public int openTimers() {
        return timers.size();
    }

    private Runnable nextTask() {
        synchronized (tasks) {
            return tasks.poll();
        }
    }

    private Runnable nextDueTimer() {
        ManualTimer timer = earliest();
        if (timer == null || timer.dueNanos - clock.nanoTime() > 0) {
            return null;
        }
        timer.armed = false;
        return timer.onExpiry;
    }

    private ManualTimer earliest() {
        ManualTimer earliest = null;
        for (ManualTimer timer : timers) {
            if (timer.armed && (earliest == null || timer.dueNanos - earliest.dueNanos < 0)) {
                earliest = timer;
            }
        }
        return earliest;
    }

    private final class ManualTimer implements LoopTimer {

        private final Runnable onExpiry;
        private long dueNanos;
        private boolean armed;

        ManualTimer(Runnable onExpiry) {
            this.onExpiry = onExpiry;
        }

        @Override
        public void arm(long delayNanos) {
            dueNanos = clock.nanoTime() + Math.min(Math.max(0, delayNanos), Long.MAX_VALUE / 2);
            armed = timers.contains(this);
        }

        @Override
        public void disarm() {
            armed = false;
        }

        @Override
        public void close() {
            armed = false;
            timers.remove(this);
        }
    }
}
