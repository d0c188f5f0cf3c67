package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.LoopBarrier;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/** Serves one queue of a file system device on that queue's own loop, to which its state is confined but for the flag. */
final class FsQueue {

    /** Requests served before the loop's other tasks have their turn. */
    private static final int BATCH = 16;
    private static final long RETRY_NANOS = 10_000_000;

    private final int index;
    private final EventLoop loop;
    private final DriverFault fault;
    private final FuseExecutor executor;
    private final QueuePump pump;
    private final LoopTimer retry;
    private final List<LockWait> waits = new ArrayList<>();
    private VirtQueue queue;
    /** Set by a reset and when another queue is broken, so that a guest that keeps the queue full cannot delay it. */
    private volatile boolean stopping;

    FsQueue(int index, EventLoop loop, DriverFault fault, FuseSession session, FsCounters counters) {
        this.index = index;
        this.loop = loop;
        this.fault = fault;
        this.executor = new FuseExecutor(session, counters, this::await);
        this.pump = new QueuePump(loop, fault, BATCH, this::serve);
        this.retry = loop.timer(this::retryLocks);
    }

    private long serve(DescriptorChain chain) throws VirtQueueException {
        return stopping ? QueuePump.LATER : executor.serve(chain);
    }

    /** Lets the queue take up requests, before any of the device's queues is started. */
    void arm() {
        stopping = false;
    }

    void start(VirtioActivation activation) {
        LoopBarrier.run(loop, () -> {
            queue = activation.queues().get(index);
            fault.arm(activation.interrupt());
            pump.start(activation, index);
            pump.run();
        });
    }

    /** Has the queue take nothing up; any thread. */
    void halt() {
        stopping = true;
    }

    /** Takes the queue away; completes when no buffer of it is touched any more. */
    CompletableFuture<Void> stop() {
        stopping = true;
        return LoopBarrier.run(loop, this::letGo).done();
    }

    /** The driver takes the queue back. */
    CompletableFuture<Void> stopQueue() {
        return LoopBarrier.run(loop, () -> {
            if (queue != null && queue.isStopped()) {
                letGo();
            }
        }).done();
    }

    private void letGo() {
        queue = null;
        waits.forEach(executor::drop);
        waits.clear();
        retry.disarm();
        pump.stop();
        fault.disarm();
    }

    /** Any thread. */
    void notified() {
        if (loop.inLoop()) {
            pump.run();
            return;
        }
        try {
            pump.schedule();
        } catch (RejectedExecutionException e) {
            stopping = true; // the loop has ended, and the machine with it
        }
    }

    private void await(LockWait wait) {
        waits.add(wait);
        if (waits.size() == 1) {
            retry.arm(RETRY_NANOS); // else it is: one that came later does not put it off
        }
    }

    private void retryLocks() {
        if (stopping || queue == null || queue.isStopped()) {
            return;
        }
        for (Iterator<LockWait> all = waits.iterator(); all.hasNext();) {
            LockWait wait = all.next();
            long written = executor.proceed(wait);
            if (written != QueuePump.KEPT) {
                all.remove();
                pump.giveBack(wait.chain(), written);
            }
        }
        if (!waits.isEmpty()) {
            retry.arm(RETRY_NANOS);
        }
    }
}
