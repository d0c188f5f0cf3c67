package io.vmm4j.devices.virtio.blk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * A change of a block device's disk under way. Each queue ends what it has in work, opens the new disk and then holds still; once all do,
 * they go over to it together, so that until then the change can be withdrawn without a trace, and the queues go on at once. Nobody waits for
 * it on a loop. Thread-safe.
 */
public final class BlkExchange {

    private enum State {
        /** Queues come to a hold. */
        GATHERING,
        /** All go over. */
        COMMITTED,
        /** All go on as they were. */
        WITHDRAWN
    }

    private final VirtioBlk device;
    private final BlkBackend next;
    private final List<BlkQueueWorker> workers;
    private final long sectors;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final BlkIo[] opened;
    private State state = State.GATHERING;
    private Throwable failure;
    /** Queues that take nothing up for this. */
    private final boolean[] coming;
    /** Those of them that hold still. */
    private int holding;
    /** Queues that are still to leave the hold, in either direction. */
    private int leaving;

    /** @param sectors in {@code next} */
    BlkExchange(VirtioBlk device, BlkBackend next, long sectors, List<BlkQueueWorker> workers) {
        this.device = device;
        this.next = next;
        this.sectors = sectors;
        this.workers = workers;
        this.opened = new BlkIo[workers.size()];
        this.coming = new boolean[workers.size()];
    }

    /**
     * How it ends: when every queue is on the new disk and none on the old one; with an {@link IOException} when the new one cannot be opened,
     * a {@link CancellationException} when the change was withdrawn, or an {@link IllegalStateException} when the device's loops have
     * ended, in all of which cases the device is on its old disk and has let go of the new one. Completed on a loop of the device's.
     */
    public CompletableFuture<Void> done() {
        return done;
    }

    /**
     * Has the device stay on its old disk.
     *
     * @return false when it is too late for that: it has gone over
     */
    public boolean withdraw() {
        return turnBack(new CancellationException("the exchange was withdrawn"));
    }

    /** Those before are over. */
    void begin() {
        for (BlkQueueWorker worker : workers) {
            worker.hold(this);
        }
    }

    BlkBackend next() {
        return next;
    }

    long sectors() {
        return sectors;
    }

    /** A queue is to come to a hold, and stays in it until it is told. Returns false when it need not. */
    synchronized boolean comes(int index) {
        coming[index] = state == State.GATHERING;
        return coming[index];
    }

    /** Whether a queue that holds still is to open the disk. */
    synchronized boolean isWanted() {
        return state == State.GATHERING;
    }

    /** A queue holds still and has opened the disk. On its loop. */
    void opened(int index, BlkIo io) {
        State now;
        synchronized (this) {
            if (state == State.GATHERING) {
                opened[index] = io;
                holding++;
                if (holding == workers.size()) {
                    state = State.COMMITTED;
                    leaving = holding;
                }
            }
            now = state;
        }
        switch (now) {
            case COMMITTED -> goOver();
            case WITHDRAWN -> io.close(); // before the queue comes to hear of it
            case GATHERING -> { } // others are still to come
        }
    }

    private void goOver() {
        device.changeDisk(this);
        for (int i = 0; i < opened.length; i++) {
            workers.get(i).goOver(this, opened[i]);
        }
    }

    /** A queue holds still, and cannot open the disk. */
    void refused(Exception why) {
        turnBack(new IOException("a queue cannot be opened: " + why.getMessage(), why));
    }

    /** The loops of the device have ended. */
    void ended() {
        turnBack(new IllegalStateException("the loop of a queue has ended"));
    }

    private boolean turnBack(Throwable why) {
        List<Integer> back = new ArrayList<>();
        synchronized (this) {
            if (state != State.GATHERING) {
                return state == State.WITHDRAWN;
            }
            state = State.WITHDRAWN;
            failure = why;
            for (int i = 0; i < coming.length; i++) {
                if (coming[i]) {
                    back.add(i);
                }
            }
            leaving = back.size();
        }
        // What was opened is not changed any more.
        back.forEach(index -> workers.get(index).goOn(this, opened[index]));
        completeIfLeft();
        return true;
    }

    /** A queue has left the hold. */
    void left() {
        synchronized (this) {
            leaving--;
        }
        completeIfLeft();
    }

    private void completeIfLeft() {
        synchronized (this) {
            if (state == State.GATHERING || leaving > 0) {
                return;
            }
        }
        if (failure == null) {
            done.complete(null);
        } else {
            done.completeExceptionally(failure);
        }
    }
}
