package io.vmm4j.devices.virtio;

import io.vmm4j.devices.time.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work on an event loop that waits there at most once, however often it is asked for. Thread-safe. */
public final class LoopTask implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(LoopTask.class);

    private final EventLoop loop;
    private final Runnable work;
    private final AtomicBoolean waiting = new AtomicBoolean();

    /**
     * @param loop where the work runs
     * @param work runs once for all the calls of {@link #schedule} before it starts
     */
    public LoopTask(EventLoop loop, Runnable work) {
        this.loop = loop;
        this.work = work;
    }

    /** Has the work run, after the current task; without effect once the loop has ended. */
    public void schedule() {
        if (!waiting.compareAndSet(false, true)) {
            return;
        }
        try {
            loop.execute(this);
        } catch (RejectedExecutionException e) {
            LOG.debug("task dropped, the device's loop has ended");
        }
    }

    /** Whether the work has been asked for and has not begun. */
    public boolean isScheduled() {
        return waiting.get();
    }

    /** For the loop. Lowers the flag first: what is asked for while the work runs causes another run. */
    @Override
    public void run() {
        waiting.set(false);
        work.run();
    }
}
