package io.vmm4j.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A block device that is reset and started again while its queue's loop has tasks of the life before waiting. */
final class BlkRestartTest {

    private static final long FEATURES = 1L << 32 | 1L << 9;
    private static final int FLUSH = 4;
    private static final int BATCH = 64;

    private final GuestMemory memory = GuestRam.of(1 << 20);
    private final ManualLoop main = new ManualLoop(new ManualClock());
    private final StepLoop queueLoop = new StepLoop();
    private final FlushedDisk disk = new FlushedDisk();
    private MmioDriver driver;

    @BeforeEach
    void makeDevice() throws IOException {
        VirtioBlk blk = new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), disk, List.of(queueLoop));
        driver = new MmioDriver(new VirtioMmioTransport(blk, memory, () -> { }, main));
    }

    private DriverQueue start() {
        DriverQueue queue = DriverQueue.split(memory, 0x10000, 256, 0);
        driver.start(FEATURES, queue);
        main.run();
        return queue;
    }

    private void flush(DriverQueue queue, int times) {
        GuestRam.put(memory, 0x20000, new byte[] {FLUSH});
        for (int i = 0; i < times; i++) {
            queue.add(Buffer.readable(0x20000, 16), Buffer.writable(0x21000, 1));
        }
        driver.notifyQueue(0);
        main.run();
    }

    @Test
    void aRunOfTheLifeBeforeDoesNotSwallowTheNotificationsOfTheNext() {
        DriverQueue first = start();
        queueLoop.run();
        disk.onFlush = number -> {
            if (number == BATCH) {
                queueLoop.outside(driver::reset);
            }
        };
        flush(first, 100);
        queueLoop.step();
        assertEquals(2, queueLoop.tasks.size(), "the reset, and behind it the run that the batch asked for at its end");
        assertNotEquals(0, driver.status(), "the queue's loop has not let go yet");
        queueLoop.step();
        assertEquals(0, driver.status());
        DriverQueue second = start();
        flush(second, 1);
        queueLoop.run();
        assertNotNull(second.takeUsed());
    }

    @Test
    void aRunThatWaitedForADeviceThatWasResetTwiceFindsTheQueueOfTheLast() {
        flush(start(), 1);
        driver.reset();
        assertEquals(2, queueLoop.tasks.size() - 1, "the start, the run and the end of the first life");
        driver.reset();
        queueLoop.run();
        assertEquals(0, driver.status());
        DriverQueue last = start();
        flush(last, 1);
        queueLoop.run();
        assertNotNull(last.takeUsed());
    }

    @Test
    void aQueueThatComesToItsStartBehindOneThatBrokeIsNotServed() throws IOException {
        StepLoop second = new StepLoop();
        VirtioBlk blk = new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), disk, List.of(queueLoop, second));
        driver = new MmioDriver(new VirtioMmioTransport(blk, memory, () -> { }, main));
        DriverQueue broken = DriverQueue.split(memory, 0x10000, 16, 0);
        DriverQueue other = DriverQueue.split(memory, 0x12000, 16, 0);
        GuestRam.put(memory, 0x20000, new byte[] {FLUSH});
        broken.add(Buffer.readable(0x20000, 3)); // no header, and no room for a status
        other.add(Buffer.readable(0x20000, 16), Buffer.writable(0x21000, 1));
        driver.start(FEATURES | 1L << 12, broken, other);
        main.run();
        queueLoop.run();
        assertEquals(0x40, driver.status() & 0x40, "DEVICE_NEEDS_RESET");
        second.run();
        assertNull(other.takeUsed());
        assertEquals(0, disk.flushes);
    }

    /** A loop whose tasks run one by one, when the test says so. */
    private static final class StepLoop implements EventLoop {
        private final Queue<Runnable> tasks = new ArrayDeque<>();
        private boolean isRunning;

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public LoopTimer timer(Runnable onExpiry) {
            throw new UnsupportedOperationException("no timers here");
        }

        @Override
        public boolean inLoop() {
            return isRunning;
        }

        void step() {
            isRunning = true;
            tasks.remove().run();
            isRunning = false;
        }

        void run() {
            while (!tasks.isEmpty()) {
                step();
            }
        }

        /** What another thread does at this moment. */
        void outside(Runnable action) {
            isRunning = false;
            action.run();
            isRunning = true;
        }
    }

    /** What happens when a disk is flushed. */
    private interface FlushListener {
        void flushed(int number);
    }

    private static final class FlushedDisk implements BlkBackend {
        private FlushListener onFlush = number -> { };
        private int flushes;

        @Override
        public void flush() {
            onFlush.flushed(++flushes);
        }

        @Override
        public long capacity() {
            return 512;
        }

        @Override
        public String id() {
            return "disk";
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) {
            // Nobody reads.
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) {
            // Nobody writes.
        }

        @Override
        public boolean canDiscard() {
            return false;
        }

        @Override
        public void discard(long offset, long length) {
            // Nobody discards.
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) {
            // Nobody zeroes.
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
