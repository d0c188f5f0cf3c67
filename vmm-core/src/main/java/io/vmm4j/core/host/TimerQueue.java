package io.vmm4j.core.host;

import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.kvm.libc.TimerFd;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * All timers of one event loop, on one timerfd that is made with the loop: a timer that a device makes or arms later asks the host for
 * nothing that it could be short of. Those that are armed are a binary heap by the time they are due.
 *
 * <p>Confined to the loop, but for the making of timers and what comes before the loop runs. Arming allocates nothing once warm.
 */
final class TimerQueue implements AutoCloseable {

    /** 146 years: far enough, and times still compare by difference. */
    private static final long MAX_DELAY = Long.MAX_VALUE / 2;
    private static final int FIRST_CAPACITY = 16;
    private static final int IDLE = -1;

    private final TimerFd fd;
    private final Consumer<Runnable> runner;
    private Timer[] heap = new Timer[FIRST_CAPACITY];
    private int size;
    /** When the timerfd expires next; meaningless unless {@link #isSet}. */
    private long setNanos;
    private boolean isSet;
    private boolean isClosed;

    /** @param runner runs the action of a timer, and takes what it throws */
    TimerQueue(Consumer<Runnable> runner) throws IOException {
        this.fd = TimerFd.create();
        this.runner = runner;
    }

    /** The timerfd's number, which is to be watched for {@link #expired}. */
    int fd() {
        return fd.fd();
    }

    /** A timer, not armed. Any thread. */
    LoopTimer timer(Runnable onExpiry) {
        return new Timer(onExpiry);
    }

    /** Runs those that are due. One that is armed meanwhile is not among them. */
    void expired() {
        if (fd.drain() == 0) {
            return;
        }
        isSet = false;
        long now = System.nanoTime();
        while (size > 0 && heap[0].dueNanos - now <= 0) {
            Timer due = heap[0];
            remove(due);
            runner.accept(due.onExpiry);
        }
        set();
    }

    /** The loop has ended. Timers may be armed and closed still, and do nothing. */
    @Override
    public void close() {
        isClosed = true;
        fd.close();
    }

    /** Has the timerfd expire when the first timer is due. One that expires too early costs a look. */
    private void set() {
        if (isClosed || size == 0 || isSet && setNanos - heap[0].dueNanos <= 0) {
            return;
        }
        isSet = true;
        setNanos = heap[0].dueNanos;
        try {
            fd.arm(setNanos - System.nanoTime());
        } catch (IOException e) {
            throw new IllegalStateException("a timerfd cannot be armed", e);
        }
    }

    private void add(Timer timer) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        put(timer, size++);
        rise(timer);
    }

    private void remove(Timer timer) {
        Timer last = heap[--size];
        heap[size] = null;
        if (last != timer) {
            put(last, timer.place);
            rise(last);
            sink(last);
        }
        timer.place = IDLE;
    }

    private void rise(Timer timer) {
        while (timer.place > 0 && isBefore(timer, heap[(timer.place - 1) / 2])) {
            swap(timer, heap[(timer.place - 1) / 2]);
        }
    }

    private void sink(Timer timer) {
        while (true) {
            int first = 2 * timer.place + 1;
            if (first >= size) {
                return;
            }
            Timer child = first + 1 < size && isBefore(heap[first + 1], heap[first]) ? heap[first + 1] : heap[first];
            if (!isBefore(child, timer)) {
                return;
            }
            swap(timer, child);
        }
    }

    private static boolean isBefore(Timer a, Timer b) {
        return a.dueNanos - b.dueNanos < 0;
    }

    private void swap(Timer a, Timer b) {
        int place = a.place;
        put(a, b.place);
        put(b, place);
    }

    private void put(Timer timer, int place) {
        heap[place] = timer;
        timer.place = place;
    }

    private final class Timer implements LoopTimer {

        private final Runnable onExpiry;
        private long dueNanos;
        /** In the heap, or {@link #IDLE}. */
        private int place = IDLE;
        private boolean isEnded;

        Timer(Runnable onExpiry) {
            this.onExpiry = onExpiry;
        }

        @Override
        public void arm(long delayNanos) {
            disarm();
            if (isEnded) {
                return;
            }
            // Later than what expired() takes for now, so that a timer that always arms itself starves nobody.
            dueNanos = System.nanoTime() + Math.max(1, Math.min(delayNanos, MAX_DELAY));
            add(this);
            set();
        }

        @Override
        public void disarm() {
            if (place != IDLE) {
                remove(this);
            }
        }

        @Override
        public void close() {
            disarm();
            isEnded = true;
        }
    }
}
