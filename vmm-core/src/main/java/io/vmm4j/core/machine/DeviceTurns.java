package io.vmm4j.core.machine;

import io.vmm4j.core.control.DeviceChangeException;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.StandbyThread;
import io.vmm4j.core.host.Threads;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose turn it is to change a machine's devices: one change at a time, on a thread of its own, and behind each what the guest has given back when
 * nobody waited for it any more. Thread-safe.
 */
final class DeviceTurns implements ChangeStop.Changes, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceTurns.class);

    static final String ENDED = "the machine has ended";

    /** The part of a change that is done on its thread. */
    @FunctionalInterface
    interface Step {
        void run() throws IOException, DeviceChangeException;
    }

    private final MachineThreads threads;
    private final Consumer<HotSlot> late;
    private volatile boolean isClosed;
    /** Slots that the guest has given back when nobody waited for it any more; guarded by this, as all below. */
    private final Deque<HotSlot> returned = new ArrayDeque<>();
    /** Whether a change is under way. */
    private boolean isBusy;
    private boolean isStopped;
    /** Changes that are over, and who asked for them has yet to hear. */
    private int telling;
    /** Does changes; there from the first on, so that devices can be taken back by a host that has no thread then. */
    private StandbyThread thread;

    /**
     * @param threads counts the thread
     * @param late    takes out what is in a slot that was given back late, on the thread
     */
    DeviceTurns(MachineThreads threads, Consumer<HotSlot> late) {
        this.threads = threads;
        this.late = late;
    }

    /** Has the thread there, for a machine that begins with devices that were added to another. */
    synchronized void prepare() throws IOException {
        if (thread == null) {
            thread = StandbyThread.start(threads.nameFor("vm-devices"));
        }
    }

    /** A change begins: it ends with what {@link #start} has done, or with {@link #giveUp}. */
    synchronized void begin() throws DeviceChangeException, IOException {
        if (isClosed) {
            throw new DeviceChangeException(ENDED);
        }
        if (isBusy) {
            throw new DeviceChangeException("another change of the devices is under way");
        }
        if (isStopped) {
            throw new DeviceChangeException(ChangeStop.WHY);
        }
        prepare();
        isBusy = true;
    }

    /** Has the thread do the rest of the change that has begun. */
    synchronized CompletableFuture<Void> start(Step step) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        thread.execute(() -> carryOut(step, result));
        return result.copy();
    }

    private void carryOut(Step step, CompletableFuture<Void> result) {
        Throwable failure = null;
        try {
            step.run();
        } catch (DeviceChangeException | IOException e) {
            LOG.info("{}", e.getMessage());
            failure = e;
        } catch (RuntimeException | Error e) {
            LOG.error("devices cannot be changed", e);
            failure = e;
        }
        finish();
        if (failure == null) {
            result.complete(null);
        } else {
            result.completeExceptionally(failure);
        }
        told();
    }

    /** A change has not come as far as its thread, which does what is to be done about what the guest has given back. */
    synchronized void giveUp() {
        if (returned.isEmpty()) {
            isBusy = false;
            notifyAll();
        } else {
            start(() -> { });
        }
    }

    private synchronized void told() {
        telling--;
        notifyAll();
    }

    /**
     * Ends a change, after what the guest has given back meanwhile. Its result follows, so that what follows that finds no change
     * under way.
     */
    private void finish() {
        for (HotSlot slot = nextReturned(); slot != null; slot = nextReturned()) {
            try {
                late.accept(slot);
            } catch (RuntimeException | Error e) {
                LOG.error("what the guest has given back in spare place {} cannot be removed", slot.number(), e);
            }
        }
    }

    /** The next slot that was given back late; {@code null} when there is none and the change is over. */
    private synchronized HotSlot nextReturned() {
        if (!isClosed && !returned.isEmpty()) {
            return returned.poll();
        }
        isBusy = false;
        telling++;
        return null;
    }

    /** The guest has given back what is in {@code slot}, and nobody waits for it. */
    synchronized void returnedLate(HotSlot slot) {
        returned.add(slot);
        seeToReturned();
    }

    private void seeToReturned() {
        // Without a thread there never was a device to give back.
        if (!isBusy && !isStopped && !isClosed && !returned.isEmpty() && thread != null) {
            isBusy = true;
            start(() -> { });
        }
    }

    @Override
    public synchronized String stop() {
        if (isBusy) {
            return "a change of the devices";
        }
        isStopped = true;
        return null;
    }

    @Override
    public synchronized void goOn() {
        isStopped = false;
        seeToReturned();
    }

    /** Whether the machine ends. */
    boolean isClosed() {
        return isClosed;
    }

    /** Nothing begins any more. */
    void beginEnd() {
        isClosed = true;
    }

    /** Waits until the change that is under way is over, for {@code millis} at most; returns whether it is. */
    boolean endWithin(long millis) {
        return Threads.awaitUninterruptibly(this, () -> !isEnding(), TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private boolean isEnding() {
        return isBusy || telling > 0;
    }

    /** Ends the thread; no change is under way. */
    @Override
    public synchronized void close() {
        if (thread != null) {
            thread.close();
        }
    }
}
