package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The file system device, virtio 1.2 section 5.11: a queue for what must not wait behind others, and one or more request queues. The
 * notification queue and the DAX window are not offered.
 *
 * <p>Each queue has a loop of its own, where requests are carried out one after the other, so that a slow disk starves nobody else's
 * device. {@link #activate}, {@link #beginReset} and notifications come from the event loop that
 * owns the device, which never waits for those of the queues.
 *
 * <p>A lock that has to be waited for holds no queue up: its request is kept, and the lock tried again every 10 ms. Beyond {@value #WAITS} such
 * requests, or one for eight elements of a queue, they are refused (ENOLCK).
 */
public final class VirtioFs implements VirtioDevice {

    /** Requests that may wait for a lock; as Linux's driver interrupts none, a few programs that are killed could else fill a queue. */
    private static final int WAITS = 64;
    private static final int WAITING_PART = 8;

    private final FsConfig config;
    private final FuseSession session;
    private final FsCounters counters = new FsCounters();
    private final List<FsQueue> queues = new ArrayList<>();
    private final ByteConfigSpace space = new ByteConfigSpace(FsConstants.CONFIG_LENGTH);

    /**
     * @param config       what the device is like
     * @param server       what the guest sees; told of the end of each session, but not closed
     * @param priority     the loop of the queue for what must not wait
     * @param requestLoops the loop of each request queue
     */
    public VirtioFs(FsConfig config, FileServer server, EventLoop priority, List<? extends EventLoop> requestLoops) {
        if (requestLoops.size() != config.requestQueues()) {
            throw new IllegalArgumentException(requestLoops.size() + " loops do not serve " + config.requestQueues() + " request queues");
        }
        this.config = config;
        this.session = new FuseSession(server, Math.min(WAITS, Math.max(1, config.queueSize() / WAITING_PART)));
        DriverFault first = new DriverFault(type(), this::halt);
        queues.add(new FsQueue(FsConstants.HIPRIO_QUEUE, priority, first, session, counters));
        for (int i = 0; i < requestLoops.size(); i++) {
            queues.add(new FsQueue(i + 1, requestLoops.get(i), first.sibling(), session, counters));
        }
        byte[] tag = config.tag().getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < tag.length; i++) {
            space.put(FsConstants.CONFIG_TAG + i, 1, tag[i] & 0xFF);
        }
        space.put(FsConstants.CONFIG_NUM_REQUEST_QUEUES, 4, config.requestQueues());
    }

    private void halt() {
        queues.forEach(FsQueue::halt);
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.FILE_SYSTEM;
    }

    @Override
    public long deviceFeatures() {
        return 0;
    }

    @Override
    public int[] queueSizeMax() {
        int[] sizes = new int[queues.size()];
        Arrays.fill(sizes, config.queueSize());
        return sizes;
    }

    @Override
    public ConfigSpace configSpace() {
        return space;
    }

    @Override
    public void activate(VirtioActivation activation) {
        queues.forEach(FsQueue::arm);
        queues.forEach(queue -> queue.start(activation));
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        counters.notifications.increment();
        queues.get(queueIndex).notified();
    }

    /** Waits for the requests in work, so not for the event loop: that calls {@link #beginReset}. */
    @Override
    public void reset() {
        CompletableFuture<Void> quiescence = new CompletableFuture<>();
        beginReset(() -> quiescence.complete(null));
        quiescence.join();
    }

    @Override
    public void beginReset(Runnable quiesced) {
        CompletableFuture.allOf(queues.stream().map(FsQueue::stop).toArray(CompletableFuture[]::new)).thenRun(() -> {
            session.end();
            quiesced.run();
        });
    }

    @Override
    public void beginQueueStop(int queueIndex, Runnable quiesced) {
        queues.get(queueIndex).stopQueue().thenRun(quiesced);
    }

    /** What the device has done so far. Any thread. */
    public FsStatistics statistics() {
        return counters.snapshot();
    }
}
