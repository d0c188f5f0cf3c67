package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.LoopBarrier;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one queue of a block device on that queue's own loop. Its state is confined to the loop, but for the flags.
 */
final class BlkQueueWorker implements Runnable, BlkIo.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(BlkQueueWorker.class);

    /** Requests served before the driver is told and the loop's other tasks have their turn. */
    private static final int BATCH = 64;

    private final VirtioBlk device;
    private final int index;
    private final EventLoop loop;
    private final BlkExecutor executor;
    private final RateLimiter limiter;
    private final BlkCounters counters;
    /** A run waits on the loop; however often the guest kicks, at most one does. */
    private final AtomicBoolean waiting = new AtomicBoolean();
    /** Set by a reset, so that a guest that keeps the queue full cannot delay it. */
    private volatile boolean stopping;
    /** The guest is paused: nothing is taken up. Set before the loop comes to it, so that a queue kept full cannot delay it either. */
    private volatile boolean isPaused;

    private BlkIo io;
    private BlkFlight flight;
    private VirtQueue queue;
    private VirtioInterrupt interrupt;
    /** Runs when the rate limiter may admit the next request; null when it never refuses one. */
    private final LoopTimer admission;
    private boolean throttled;
    /** Nothing is taken up, for this is about to change the disk; or null. */
    private BlkExchange holder;
    /** What waits until nothing is in work, in the order in which it came. */
    private final Queue<Waiter> waiters = new ArrayDeque<>();

    private record Waiter(BooleanSupplier isWanted, Runnable action) {
    }

    /** @throws IOException when {@code backend} cannot be opened for the queue */
    BlkQueueWorker(VirtioBlk device, int index, EventLoop loop, BlkExecutor executor, RateLimiter limiter, BlkBackend backend,
            BlkCounters counters) throws IOException {
        this.device = device;
        this.index = index;
        this.loop = loop;
        this.executor = executor;
        this.limiter = limiter;
        this.counters = counters;
        this.admission = limiter.canLimit() ? loop.timer(this::serve) : null;
        use(backend.openQueue(index, this), backend.id());
    }

    private void use(BlkIo next, String id) {
        io = next;
        executor.use(next, id);
        flight = new BlkFlight(next.depth());
    }

    /** Has the queue end what is in work, open the disk of {@code exchange} and hold still. */
    void hold(BlkExchange exchange) {
        onLoop(() -> {
            if (exchange.comes(index)) {
                holder = exchange;
                whenQuiet(exchange::isWanted, () -> open(exchange));
            }
        }, exchange::ended);
    }

    private void open(BlkExchange exchange) {
        try {
            exchange.opened(index, exchange.next().openQueue(index, this));
        } catch (IOException | RuntimeException e) {
            exchange.refused(e);
        }
    }

    /** Has a queue that holds still go on with {@code next}. */
    void goOver(BlkExchange exchange, BlkIo next) {
        onLoop(() -> {
            io.close();
            use(next, exchange.next().id());
            leave(exchange);
        }, exchange::left);
    }

    /** Has a queue that holds still, or is about to, go on as it was, without {@code unwanted}, if there is one. */
    void goOn(BlkExchange exchange, BlkIo unwanted) {
        onLoop(() -> {
            if (unwanted != null) {
                unwanted.close();
            }
            leave(exchange);
        }, exchange::left);
    }

    private void leave(BlkExchange exchange) {
        if (holder == exchange) {
            holder = null;
        }
        exchange.left();
        serve();
    }

    /**
     * Has the queue take nothing up until {@link #resume}, and end what is in work. What the driver makes available meanwhile waits. Any thread.
     *
     * @return completes once nothing is in work; also when the queue's loop has ended; not when {@link #resume} comes first
     */
    CompletableFuture<Void> pause() {
        isPaused = true;
        CompletableFuture<Void> done = new CompletableFuture<>();
        onLoop(() -> whenQuiet(() -> isPaused, () -> done.complete(null)), () -> done.complete(null));
        return done;
    }

    /**
     * Runs {@code action} on the loop when nothing is in work, which may be now; never from within a call of the disk's.
     *
     * @param isWanted false from the moment on when it is not to run any more
     */
    private void whenQuiet(BooleanSupplier isWanted, Runnable action) {
        waiters.add(new Waiter(isWanted, action));
        runQuiet();
    }

    private void runQuiet() {
        waiters.removeIf(waiter -> !waiter.isWanted().getAsBoolean());
        if (!waiters.isEmpty() && flight.isEmpty()) {
            tellDriver();
        }
        while (!waiters.isEmpty() && flight.isEmpty()) {
            waiters.remove().action().run();
        }
    }

    /** Whether the queue takes nothing up and has nothing in work, as once {@link #pause} has ended. */
    boolean isAtRest() {
        return isPaused && flight.isEmpty();
    }

    /** Has a paused queue go on. Any thread. */
    void resume() {
        isPaused = false;
        schedule();
    }

    /** Of what was ended when the queue takes nothing up, which would tell of it otherwise. */
    private void tellDriver() {
        try {
            if (queue != null && !stopping && queue.needsInterrupt()) {
                interrupt.usedBuffer(index);
            }
        } catch (VirtQueueException e) {
            giveUp(e);
        }
    }

    /** At once when the caller is the loop. What was opened on a loop that has ended is closed with its backend. */
    private void onLoop(Runnable task, Runnable ifEnded) {
        if (loop.inLoop()) {
            task.run();
            return;
        }
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            ifEnded.run();
        }
    }

    /** Lets the worker take up requests; before any of the device's workers is started, for each of them may halt all. */
    void arm() {
        stopping = false;
    }

    /**
     * Hands the queue over; what was asked of the loop before sees none. The queue is looked at once: a run that was asked for in its
     * life before may have kept others from being asked for.
     */
    void start(VirtioActivation activation) {
        VirtQueue next = activation.queues().get(index);
        LoopBarrier.run(loop, () -> {
            executor.activate(activation);
            interrupt = activation.interrupt();
            queue = next;
            serve();
        });
    }

    /** Takes the queue away. The result completes, never exceptionally, when no request is in work any more. */
    CompletableFuture<Void> stop() {
        stopping = true;
        CompletableFuture<Void> done = new CompletableFuture<>();
        if (loop.inLoop()) {
            letGoHere(done);
        } else {
            onLoop(() -> letGo(done), () -> letGoHere(done));
        }
        return done;
    }

    /** Takes a queue away that the driver has taken back. The result tells when no request is in work any more. */
    CompletableFuture<Void> stopQueue() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Runnable takeBack = () -> {
            if (queue == null || queue.isStopped()) {
                letGo(done);
            } else {
                done.complete(null);
            }
        };
        onLoop(takeBack, () -> letGoHere(done));
        return done;
    }

    private void letGo(CompletableFuture<Void> done) {
        queue = null;
        interrupt = null;
        if (admission != null) {
            admission.disarm();
        }
        whenQuiet(() -> true, () -> done.complete(null));
    }

    /** Nobody is left on the loop who would hear of the end of requests, or it is the caller, who may wait for it. */
    private void letGoHere(CompletableFuture<Void> done) {
        letGo(done);
        io.drain();
        runQuiet();
    }

    /** Has the worker take no further request; any thread. */
    void halt() {
        stopping = true;
    }

    /** Any thread. */
    void notified() {
        if (loop.inLoop()) {
            serve();
        } else {
            schedule();
        }
    }

    /** Lowers the flag first: a notification that comes while the queue is served causes another run. */
    @Override
    public void run() {
        waiting.set(false);
        serve();
        runQuiet();
    }

    private void schedule() {
        if (!waiting.compareAndSet(false, true)) {
            return;
        }
        try {
            loop.execute(this);
        } catch (RejectedExecutionException e) {
            LOG.debug("queue {} is not served any more, its loop has ended", index);
        }
    }

    /** Several of the host's answers have been dealt with: the driver is told, and there is room for more. */
    @Override
    public void settled() {
        if (mayServe()) {
            serve();
        } else {
            tellDriver();
        }
    }

    @Override
    public void done(int tag, IOException failure) {
        end(flight.byTag(tag), failure);
        if (!waiters.isEmpty() && flight.isEmpty()) {
            schedule(); // the disk's call, which this is in, is to be over before the disk is closed
        }
    }

    private void end(BlkRequest request, IOException failure) {
        if (queue == null) {
            flight.end(request); // the driver has reset the device, or broken the queue
            return;
        }
        int status = BlkConstants.VIRTIO_BLK_S_IOERR;
        if (failure == null) {
            status = executor.proceed(request);
        } else {
            device.hostFailed(request, failure);
        }
        try {
            finish(request, status);
        } catch (VirtQueueException e) {
            giveUp(e);
        }
    }

    private boolean mayServe() {
        return queue != null && !stopping && holder == null && !isPaused;
    }

    private void serve() {
        if (!mayServe()) {
            return;
        }
        try {
            throttled = false;
            boolean more = serveBatch();
            io.submit();
            if (queue == null) {
                return;
            }
            if (queue.needsInterrupt()) {
                interrupt.usedBuffer(index);
            }
            // While the timer runs, or everything is in flight, kicks would change nothing: they stay off.
            if (!throttled && !isPaused && flight.hasRoom() && (more || queue.enableNotifications())) {
                schedule();
            }
        } catch (VirtQueueException e) {
            giveUp(e);
        }
    }

    private void giveUp(VirtQueueException cause) {
        VirtioInterrupt last = interrupt;
        queue = null;
        device.broken(last, cause);
    }

    /** Returns true when the batch ended before the queue did. */
    private boolean serveBatch() throws VirtQueueException {
        queue.disableNotifications();
        for (int i = 0; i < BATCH; i++) {
            if (stopping || isPaused || queue == null || !flight.hasRoom()) {
                return false;
            }
            DescriptorChain chain = queue.poll();
            if (chain == null) {
                return false;
            }
            BlkRequest request = flight.next();
            request.parse(chain);
            int verdict = executor.judge(request);
            long wait = limiter.admit(request.limitedBytes());
            if (wait > 0) {
                queue.undoPoll();
                counters.throttled.increment();
                admission.arm(wait);
                throttled = true;
                return false;
            }
            flight.begin();
            request.begunAt(counters.now());
            if (verdict != BlkExecutor.PENDING) {
                counters.refused();
            }
            finish(request, verdict == BlkExecutor.PENDING ? executor.begin(request) : verdict);
        }
        return true;
    }

    /** Gives a request back to the driver, unless {@code status} says that it is not at its end. */
    private void finish(BlkRequest request, int status) throws VirtQueueException {
        if (status == BlkExecutor.PENDING) {
            return;
        }
        if (status == BlkConstants.VIRTIO_BLK_S_OK) {
            counters.carriedOut(request.type(), request.dataLength(), request.begunAt());
        }
        long written = request.complete(status);
        DescriptorChain chain = request.chain();
        flight.end(request);
        queue.pushUsed(chain, written);
    }
}
