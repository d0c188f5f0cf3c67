package io.vmm4j.core.host;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * One thread around epoll, eventfd and timerfd: owns the devices given to it.
 *
 * <p>Watches are registered on the loop's thread or before {@link #start}; tasks come from any thread. A task
 * that throws is a fault of the monitor: it goes to the failure handler given at construction and the loop runs on, so
 * that the machine can be taken down in order.
 *
 * <p>A loop that is {@linkplain #hold held} runs nothing but {@linkplain #executeCommand commands}: no watch, timer or task, which
 * all wait until it may {@linkplain #goOn go on}.
 */
public final class EpollEventLoop implements EventLoop, AutoCloseable {

    /** What the loop runs for a file descriptor that is ready. */
    @FunctionalInterface
    public interface Watch {
        /** @param events the epoll events that are set */
        void ready(int events);
    }

    /** A descriptor the loop watches. On the loop's thread, or while it does not run. */
    public interface Registration extends AutoCloseable {
        /**
         * Stops watching, also for what the kernel has reported already. Wanted before the descriptor is closed. A
         * second call does nothing.
         */
        @Override
        void close();
    }

    private final Consumer<Throwable> onFailure;
    private final Thread thread;
    private final Epoll epoll;
    private final EventFd wake;
    /** By token; null where none is. */
    private final List<Watched> watches = new ArrayList<>();
    private final Deque<Integer> freeTokens = new ArrayDeque<>();
    private final List<Watched> ended = new ArrayList<>();
    private final TimerQueue timers;
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final LoopHold hold = new LoopHold();
    private final AtomicBoolean wakePending = new AtomicBoolean();
    private volatile boolean closing;
    /** The loop looks for tasks once more and then never again. */
    private volatile boolean drained;
    private boolean isTerminated;

    /**
     * @param name      of the loop's thread
     * @param onFailure hears of what a task, watch or timer threw; on the loop's thread
     */
    public EpollEventLoop(String name, Consumer<Throwable> onFailure) throws IOException {
        this.onFailure = onFailure;
        this.epoll = Epoll.create();
        EventFd created = null;
        TimerQueue queue = null;
        try {
            created = EventFd.create();
            watch(created, () -> { });
            TimerQueue made = new TimerQueue(this::runGuarded);
            queue = made;
            watch(made.fd(), Epoll.EPOLLIN, events -> made.expired());
        } catch (IOException e) {
            if (queue != null) {
                queue.close();
            }
            if (created != null) {
                created.close();
            }
            epoll.close();
            throw e;
        }
        this.wake = created;
        this.timers = queue;
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /** Whether {@link #start} was called. */
    public boolean isStarted() {
        return thread.getState() != Thread.State.NEW;
    }

    /** Whether it is to end: nothing on its thread may wait for others any more. Any thread. */
    public boolean isClosing() {
        return closing;
    }

    /** The loop's thread, for those who count or wait for it. */
    public Thread thread() {
        return thread;
    }

    /**
     * Starts the thread; what was executed before runs first.
     *
     * @throws UncheckedIOException when the host has none to give
     */
    public void start() {
        try {
            Threads.start(thread);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /**
     * Runs {@code onSignal} on the loop whenever {@code eventFd} was signalled, after taking its count. Before
     * {@link #start} or on the loop's thread.
     */
    public Registration watch(EventFd eventFd, Runnable onSignal) throws IOException {
        return watch(eventFd.fd(), Epoll.EPOLLIN, events -> {
            eventFd.drain();
            onSignal.run();
        });
    }

    /**
     * Runs {@code watch} on the loop whenever {@code fd} has one of {@code events} (EPOLLIN and so on): level triggered,
     * unless EPOLLET or EPOLLONESHOT are among them. Before {@link #start} or on the loop's thread.
     */
    public Registration watch(int fd, int events, Watch watch) throws IOException {
        int token = freeTokens.isEmpty() ? watches.size() : freeTokens.pop();
        Watched watched = new Watched(fd, token, watch);
        if (token == watches.size()) {
            watches.add(watched);
        } else {
            watches.set(token, watched);
        }
        try {
            epoll.add(fd, events, token);
        } catch (IOException e) {
            watched.forget();
            throw e;
        }
        return watched;
    }

    @Override
    public void execute(Runnable task) {
        if (closing) {
            throw refused();
        }
        tasks.add(task);
        if (drained && tasks.remove(task)) {
            throw refused(); // the loop has ended since, and who waits for the task would wait for ever
        }
        // The loop's own tasks need no wake-up: it looks for them before it waits.
        if (!inLoop() && wakePending.compareAndSet(false, true)) {
            wake.signal();
        }
    }

    @Override
    public void executeCommand(Runnable command) {
        execute(new Command(command));
        LockSupport.unpark(thread); // where it waits when it is held
    }

    /** A task that runs also while the loop is held; one like others when it is not. */
    private static final class Command implements Runnable {

        private final Runnable work;

        Command(Runnable work) {
            this.work = work;
        }

        @Override
        public void run() {
            work.run();
        }
    }

    private RejectedExecutionException refused() {
        return new RejectedExecutionException("event loop " + thread.getName() + " is closed");
    }

    /** Asks the loop to stand still; does not wait. Any thread. */
    public void hold() {
        hold.ask();
        try {
            execute(() -> { }); // so that it comes to look
        } catch (RejectedExecutionException e) {
            return; // it ends, or has
        }
    }

    /**
     * Waits {@code nanos} at most, interrupted or not, until a loop that was asked to stands still, or has ended. Not from the loop.
     *
     * @return whether it does
     */
    public boolean awaitHeld(long nanos) {
        return hold.await(nanos);
    }

    /** Whether it has ended, or been closed before it was started. */
    public boolean hasEnded() {
        return hold.isOver();
    }

    /** Lets a loop that was asked to stand still go on. Any thread. */
    public void goOn() {
        hold.end();
        LockSupport.unpark(thread);
    }

    /** As the interface says it; asks the host for nothing. Any thread. */
    @Override
    public LoopTimer timer(Runnable onExpiry) {
        return timers.timer(onExpiry);
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    private void run() {
        try {
            while (!closing) {
                int ready = epoll.await(tasks.isEmpty() ? -1 : 0);
                for (int i = 0; i < ready; i++) {
                    dispatch((int) epoll.token(i), epoll.events(i));
                }
                releaseEnded();
                runTasks();
                standStillWhileHeld();
            }
            runAllTasks();
        } catch (Throwable e) {
            onFailure.accept(e);
        } finally {
            drained = true;
            runAllTasks(); // those that were given before the flag could be seen
            hold.over();
        }
    }

    private void runAllTasks() {
        while (!tasks.isEmpty()) {
            runTasks();
        }
    }

    /** What becomes ready meanwhile stays so: descriptors are level-triggered, timers are late, and tasks wait in their queue. */
    private void standStillWhileHeld() {
        while (hold.isOn(closing)) {
            for (Runnable task : tasks) {
                if (task instanceof Command && tasks.remove(task)) {
                    runGuarded(task);
                }
            }
            // One that has come since has left a permit.
            LockSupport.park(this);
            Thread.interrupted(); // by a device of the embedder's; it would keep the thread from waiting
        }
    }

    private void dispatch(int token, int events) {
        try {
            watches.get(token).ready(events);
        } catch (Throwable e) { // checked ones too: not every language minds what is declared
            onFailure.accept(e);
        }
    }

    /** Lets tokens be used again once no result of the last wait can carry them. */
    private void releaseEnded() {
        ended.forEach(Watched::forget);
        ended.clear();
    }

    /** Runs the tasks there are now. Those they add wait until descriptors had their turn, so that no task starves those. */
    private void runTasks() {
        // Cleared first: a task added from here on signals again, one added before is counted below.
        wakePending.set(false);
        for (int left = tasks.size(); left > 0; left--) {
            Runnable task = tasks.poll();
            if (task == null) {
                return; // its giver took it back, see execute
            }
            runGuarded(task);
        }
    }

    private void runGuarded(Runnable action) {
        try {
            action.run();
        } catch (Throwable e) {
            onFailure.accept(e);
        }
    }

    /** Runs what is queued, ends the thread and waits for it. Not from the loop's own thread. A second call does nothing. */
    @Override
    public void close() {
        while (!closeWithin(Long.MAX_VALUE)) {
            continue;
        }
    }

    /**
     * As {@link #close}, but waits so long only.
     *
     * @return whether the loop is closed; if not, its thread is busy, and this may be called again
     */
    public boolean closeWithin(long millis) {
        if (!closing) {
            closing = true;
            wake.signal();
            LockSupport.unpark(thread);
        }
        if (!Threads.joinUninterruptibly(thread, millis)) {
            return false;
        }
        release();
        return true;
    }

    private synchronized void release() {
        if (isTerminated) {
            return;
        }
        isTerminated = true;
        hold.over(); // one that was never started, too
        timers.close();
        wake.close();
        epoll.close();
    }

    private final class Watched implements Registration {

        private final int fd;
        private final int token;
        private final Watch watch;
        private boolean isEnded;

        Watched(int fd, int token, Watch watch) {
            this.fd = fd;
            this.token = token;
            this.watch = watch;
        }

        void ready(int events) {
            if (!isEnded) {
                watch.ready(events);
            }
        }

        void forget() {
            watches.set(token, null);
            freeTokens.push(token);
        }

        @Override
        public void close() {
            if (isEnded) {
                return;
            }
            isEnded = true;
            ended.add(this);
            if (!isTerminated) {
                unwatch(fd);
            }
        }
    }

    private void unwatch(int fd) {
        try {
            epoll.remove(fd);
        } catch (LinuxException e) {
            throw new IllegalStateException("a descriptor was closed before its registration with " + thread.getName(), e);
        }
    }
}
