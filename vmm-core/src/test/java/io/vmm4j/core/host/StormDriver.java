package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import io.vmm4j.kvm.libc.EventFd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A vCPU that starts a device, uses it and resets it, over and over and as fast as it can, while the device has its loops as in a machine. It
 * keeps to the rules: it notifies when it is asked to, and takes a device or a queue for its own again when the registers say so.
 */
final class StormDriver implements AutoCloseable {

    /** How a driver uses a device. */
    interface Usage {

        /** Features to accept besides those of the ring. */
        long features();

        /** Sizes of queues, 0 for one left out. */
        int[] sizes();

        /** Prepares what is at {@code gpa} for a request on queue {@code queue}, at most three buffers, and says what they are. */
        Buffer[] request(GuestMemory memory, int queue, long gpa);

        /** Whether a request on {@code queue} comes back by itself. */
        default boolean isAnswered(int queue) {
            return true;
        }

        /** Requests that may be on {@code queue} at a time. */
        default int most(int queue) {
            return 4;
        }
    }

    private static final long VERSION_1 = 1L << 32;
    private static final long EVENT_IDX = 1L << 29;
    private static final long PACKED = 1L << 34;
    private static final long QUEUES = 0x1_0000;
    private static final int QUEUE_STRIDE = 0x2000;
    private static final long DATA = 0x4_0000;
    private static final int DATA_STRIDE = 0x2000;
    private static final int AREA = 0x4_0000;
    private static final int STATUS = 0x070;
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final GuestMemory memory = GuestRam.of(1 << 20);
    private final List<EventFd> notifies = new ArrayList<>();
    private final MmioDriver driver;
    private final Usage usage;
    private final Random random;
    private DriverQueue[] queues;
    private int[] outstanding;

    /**
     * @param device     made on {@code owner}
     * @param owner      the loop {@code main}, as the device sees it
     * @param queueLoops one a queue, or none when {@code main} serves all; none of the loops runs yet
     */
    StormDriver(VirtioDevice device, EventLoop owner, EpollEventLoop main, List<EpollEventLoop> queueLoops, Usage usage, Random random)
            throws IOException {
        this.usage = usage;
        this.random = random;
        VirtioMmioTransport transport = new VirtioMmioTransport(device, memory, () -> { }, owner);
        this.driver = new MmioDriver(transport);
        for (int i = 0; i < device.queueSizeMax().length; i++) {
            int queue = i;
            EventFd notify = EventFd.create();
            notifies.add(notify);
            (queueLoops.isEmpty() ? main : queueLoops.get(i)).watch(notify, () -> transport.notifyQueue(queue));
        }
    }

    void storm(int rounds) {
        for (int round = 0; round < rounds; round++) {
            boolean isFilled = random.nextBoolean();
            start(isFilled);
            if (isFilled && random.nextBoolean()) {
                awaitAnswers(round); // section 3.1.1: the device looks at each queue when it starts, nobody notifies it
            }
            for (int actions = random.nextInt(12); actions > 0; actions--) {
                act();
            }
            if (random.nextInt(3) == 0) {
                useInCalm(round);
            }
            if (random.nextInt(4) == 0) {
                takeBack(random.nextInt(queues.length), round);
            }
            reset(round);
        }
        start(false);
        useInCalm(rounds);
        reset(rounds);
    }

    /** @param isFilled whether there are requests before the device is live */
    private void start(boolean isFilled) {
        long ring = VERSION_1 | (random.nextBoolean() ? EVENT_IDX : 0) | (random.nextBoolean() ? PACKED : 0);
        assertTrue(driver.negotiate(ring | usage.features()));
        int[] sizes = usage.sizes();
        queues = new DriverQueue[sizes.length];
        outstanding = new int[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] > 0) {
                queues[i] = DriverQueue.of(memory, QUEUES + QUEUE_STRIDE * (long) i, sizes[i], ring);
                driver.setUpQueue(i, queues[i].addresses());
            }
        }
        if (isFilled) {
            for (int i = 0; i < sizes.length; i++) {
                addSome(i);
            }
        }
        driver.driverOk();
    }

    private void act() {
        int queue = random.nextInt(queues.length);
        if (queues[queue] == null) {
            return;
        }
        takeUsed(queue);
        addSome(queue);
        if (random.nextInt(3) > 0) {
            kick(queue);
        }
    }

    /** One request for the most part, at times as many as there is room for. */
    private void addSome(int queue) {
        int room = usage.most(queue) - outstanding[queue];
        for (int i = random.nextInt(4) == 0 ? room : Math.min(1, room); i > 0 && queues[queue] != null; i--) {
            queues[queue].add(usage.request(memory, queue, DATA + DATA_STRIDE * (long) queue));
            outstanding[queue]++;
        }
    }

    private void kick(int queue) {
        if (!queues[queue].needsKick()) {
            return;
        }
        if (random.nextBoolean()) {
            notifies.get(queue).signal();
        } else {
            driver.notifyQueue(queue);
        }
    }

    private void takeUsed(int queue) {
        while (queues[queue].takeUsed() != null) {
            outstanding[queue]--;
        }
    }

    /** Every queue serves what is asked of it. */
    private void useInCalm(int round) {
        for (int i = 0; i < queues.length; i++) {
            addSome(i);
            if (queues[i] != null) {
                kick(i);
            }
        }
        awaitAnswers(round);
    }

    private void awaitAnswers(int round) {
        for (int i = 0; i < queues.length; i++) {
            int queue = i;
            if (queues[i] != null && usage.isAnswered(i)) {
                await(() -> {
                    takeUsed(queue);
                    return outstanding[queue] == 0;
                }, () -> "round " + round + ": " + outstanding[queue] + " requests on queue " + queue + " do not come back");
            }
        }
    }

    private void takeBack(int queue, int round) {
        driver.write(0x030, queue);
        driver.write(0x044, 0);
        await(() -> driver.read(0x044) == 0, () -> "round " + round + ": queue " + queue + " is not let go of");
        if (queues[queue] != null) {
            byte[] before = GuestRam.get(memory, DATA + DATA_STRIDE * (long) queue, DATA_STRIDE);
            notifies.get(queue).signal();
            driver.notifyQueue(queue);
            assertArrayEquals(before, GuestRam.get(memory, DATA + DATA_STRIDE * (long) queue, DATA_STRIDE), "round " + round + ": written behind its back");
        }
    }

    private void reset(int round) {
        driver.reset();
        await(() -> driver.read(STATUS) == 0, () -> "round " + round + ": the reset does not end");
        byte[] marks = new byte[AREA];
        Arrays.fill(marks, (byte) 0x5a);
        GuestRam.put(memory, QUEUES, marks);
        if (random.nextBoolean()) {
            driver.notifyQueue(0);
            notifies.get(0).signal();
        }
        assertArrayEquals(marks, GuestRam.get(memory, QUEUES, AREA), "round " + round + ": written behind the reset");
    }

    private static void await(BooleanSupplier condition, Supplier<String> message) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - start < LIMIT_NANOS, message);
            Thread.onSpinWait();
        }
    }

    /** The loops have ended. */
    @Override
    public void close() {
        notifies.forEach(EventFd::close);
    }
}
