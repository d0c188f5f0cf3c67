package io.vmm4j.core.event;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One listener with its thread and its bounded queue. Thread-safe. */
final class Listening implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Listening.class);

    private final VmListener listener;
    private final Consumer<Listening> onEnd;
    private final Thread thread;
    /** This and what follows is guarded by this object. */
    private final Deque<VmEvent> waiting = new ArrayDeque<>();
    private long missed;
    private Instant missedSince;
    private boolean isFinished;

    /** @param threadName what its thread is called */
    Listening(VmListener listener, String threadName, Consumer<Listening> onEnd) {
        this.listener = listener;
        this.onEnd = onEnd;
        thread = new Thread(this::run, threadName);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Has {@code event} told, or counted where too many wait. */
    synchronized void offer(VmEvent event) {
        if (isFinished) {
            return;
        }
        if (waiting.size() < VmEvents.CAPACITY) {
            tellOfMissed();
            waiting.add(event);
        } else if (missed++ == 0) {
            missedSince = event.time();
        }
        notifyAll();
    }

    private void tellOfMissed() {
        if (missed > 0) {
            waiting.add(new VmEvent.Missed(missedSince, missed));
            missed = 0;
        }
    }

    /** What waits is told, and nothing after it. */
    synchronized void finish() {
        tellOfMissed();
        isFinished = true;
        notifyAll();
    }

    @Override
    public synchronized void close() {
        waiting.clear();
        missed = 0;
        isFinished = true;
        notifyAll();
    }

    private void run() {
        try {
            for (VmEvent event = next(); event != null; event = next()) {
                tell(event);
            }
        } catch (InterruptedException e) {
            LOG.debug("a listener's thread was interrupted and hears no more");
        } finally {
            close();
            onEnd.accept(this);
        }
    }

    private void tell(VmEvent event) {
        try {
            listener.onEvent(event);
        } catch (RuntimeException | Error e) {
            LOG.warn("a listener failed on {}", event, e);
        }
    }

    private synchronized VmEvent next() throws InterruptedException {
        while (waiting.isEmpty() && !isFinished) {
            wait();
        }
        return waiting.poll();
    }
}
