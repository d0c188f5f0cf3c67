package io.vmm4j.core.host;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.TimerFd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * One thread around epoll, eventfd and timerfd: owns the devices given to it.
 *
 * <p>Watches and timers are registered on the loop's thread or before {@link #start}; tasks come from any thread. A task
 * that throws is a fault of the monitor: it goes to the failure handler given at construction and the loop runs on, so
 * that the machine can be taken down in order.
 */
public final class EpollEventLoop implements EventLoop, AutoCloseable {

    /** What the loop runs for a file descriptor that is ready. */
    @FunctionalInterface
    public interface Watch {
        /** @param events the epoll events that are set */
        void ready(int events);
    }

    private static final int WAKE_TOKEN = 0;

    private final Consumer<Throwable> onFailure;
    private final Thread thread;
    private final Epoll epoll;
    private final EventFd wake;
    private final List<Watch> watches = new ArrayList<>();
    private final List<TimerFd> timers = new ArrayList<>();
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean wakePending = new AtomicBoolean();
    private volatile boolean closing;
    private boolean started;

    /**
     * @param name      of the loop's thread
     * @param onFailure hears of what a task, watch or timer threw; on the loop's thread
     */
    public EpollEventLoop(String name, Consumer<Throwable> onFailure) throws IOException {
        this.onFailure = onFailure;
        this.epoll = Epoll.create();
        EventFd created = null;
        try {
            created = EventFd.create();
            watches.add(events -> { });
            epoll.add(created.fd(), Epoll.EPOLLIN, WAKE_TOKEN);
        } catch (IOException e) {
            if (created != null) {
                created.close();
            }
            epoll.close();
            throw e;
        }
        this.wake = created;
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /** Starts the thread; what was executed before runs first. */
    public void start() {
        started = true;
        thread.start();
    }

    /**
     * Runs {@code onSignal} on the loop whenever {@code eventFd} was signalled, after taking its count. Before
     * {@link #start} or on the loop's thread.
     */
    public void watch(EventFd eventFd, Runnable onSignal) throws IOException {
        watch(eventFd.fd(), Epoll.EPOLLIN, events -> {
            eventFd.drain();
            onSignal.run();
        });
    }

    /** Runs {@code watch} on the loop whenever {@code fd} has one of {@code events} (EPOLLIN and so on), level triggered. */
    public void watch(int fd, int events, Watch watch) throws IOException {
        watches.add(watch);
        epoll.add(fd, events, watches.size() - 1L);
    }

    @Override
    public void execute(Runnable task) {
        if (closing) {
            throw new RejectedExecutionException("event loop " + thread.getName() + " is closed");
        }
        tasks.add(task);
        if (wakePending.compareAndSet(false, true)) {
            wake.signal();
        }
    }

    @Override
    public LoopTimer timer(Runnable onExpiry) {
        try {
            Timer timer = new Timer(TimerFd.create(), onExpiry);
            timers.add(timer.fd);
            watch(timer.fd.fd(), Epoll.EPOLLIN, events -> timer.expired());
            return timer;
        } catch (IOException e) {
            throw new IllegalStateException("no timer for event loop " + thread.getName(), e);
        }
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    private void run() {
        try {
            while (!closing) {
                int ready = epoll.await(-1);
                for (int i = 0; i < ready; i++) {
                    dispatch((int) epoll.token(i), epoll.events(i));
                }
                runTasks();
            }
            runTasks();
        } catch (IOException e) {
            onFailure.accept(e);
        }
    }

    private void dispatch(int token, int events) {
        if (token == WAKE_TOKEN) {
            wake.drain();
            return;
        }
        try {
            watches.get(token).ready(events);
        } catch (RuntimeException | Error e) {
            onFailure.accept(e);
        }
    }

    private void runTasks() {
        // Cleared first: a task added from here on signals again, one added before is seen by the poll below.
        wakePending.set(false);
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                onFailure.accept(e);
            }
        }
    }

    /** Runs what is queued, ends the thread and waits for it. Not from the loop's own thread. A second call does nothing. */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        wake.signal();
        if (started) {
            Threads.joinUninterruptibly(thread);
        }
        timers.forEach(TimerFd::close);
        wake.close();
        epoll.close();
    }

    /** Confined to the loop. */
    private final class Timer implements LoopTimer {

        private final TimerFd fd;
        private final Runnable onExpiry;
        private boolean armed;

        Timer(TimerFd fd, Runnable onExpiry) {
            this.fd = fd;
            this.onExpiry = onExpiry;
        }

        @Override
        public void arm(long delayNanos) {
            armed = true;
            try {
                fd.arm(Math.max(1, delayNanos));
            } catch (IOException e) {
                throw new IllegalStateException("timerfd of " + thread.getName() + " cannot be armed", e);
            }
        }

        @Override
        public void disarm() {
            // The descriptor may still expire; expired() finds nothing armed then.
            armed = false;
        }

        @Override
        public void close() {
            disarm();
            timers.remove(fd);
            fd.close();
        }

        void expired() {
            fd.drain();
            // An expiry that was already reported when the timer was disarmed or armed anew is void.
            if (armed) {
                armed = false;
                onExpiry.run();
            }
        }
    }
}
