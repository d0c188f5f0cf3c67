package io.vmm4j.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The block device with real threads: the owning loop, a loop a queue, and the test as the vCPU. */
@Timeout(60)
final class BlkThreadsTest {

    private static final long FEATURES = 1L << 32 | 1L << 12;

    private final GuestMemory memory = GuestRam.of(1 << 20);
    private final Semaphore interrupts = new Semaphore(0);
    private final ThreadLoop main = new ThreadLoop("main");
    private final ThreadLoop first = new ThreadLoop("queue 0");
    private final ThreadLoop second = new ThreadLoop("queue 1");
    private final BlkBench.Disk disk = new BlkBench.Disk(64 * 512);
    private final Gate gate = new Gate(disk);

    @AfterEach
    void endThreads() {
        gate.open();
        List.of(main, first, second).forEach(loop -> loop.thread.shutdownNow());
    }

    private MmioDriver start(DriverQueue... queues) throws IOException {
        VirtioBlk blk = new VirtioBlk(new BlkConfig(false, CacheType.UNSAFE), gate, List.of(first, second));
        MmioDriver driver = new MmioDriver(new VirtioMmioTransport(blk, memory, interrupts::release, main));
        driver.start(FEATURES, queues);
        return driver;
    }

    private void addRead(DriverQueue queue, long at, int sector) {
        byte[] header = new byte[16];
        header[8] = (byte) sector;
        GuestRam.put(memory, at, header);
        queue.add(Buffer.readable(at, 16), Buffer.writable(at + 16, 512), Buffer.writable(at + 528, 1));
    }

    @Test
    void aSlowRequestOfOneQueueDoesNotDelayTheOther() throws Exception {
        DriverQueue slow = DriverQueue.split(memory, 0x10000, 8, 0);
        DriverQueue fast = DriverQueue.split(memory, 0x11000, 8, 0);
        MmioDriver driver = start(slow, fast);
        gate.closeFor(first);
        addRead(slow, 0x20000, 1);
        driver.notifyQueue(0);
        assertTrue(gate.reached.await(10, TimeUnit.SECONDS));
        addRead(fast, 0x21000, 2);
        driver.notifyQueue(1);
        assertTrue(interrupts.tryAcquire(10, TimeUnit.SECONDS));
        assertEquals(513, fast.takeUsed().length());
        assertEquals(null, slow.takeUsed());
        gate.open();
        assertTrue(interrupts.tryAcquire(10, TimeUnit.SECONDS));
        assertEquals(513, slow.takeUsed().length());
        assertArrayEquals(Arrays.copyOfRange(disk.bytes, 512, 1024), GuestRam.get(memory, 0x20010, 512));
    }

    @Test
    void aResetWaitsForTheRequestInWorkAndStopsTheOthers() throws Exception {
        DriverQueue queue = DriverQueue.split(memory, 0x10000, 8, 0);
        MmioDriver driver = start(queue);
        gate.closeFor(first);
        addRead(queue, 0x20000, 1);
        addRead(queue, 0x21000, 2);
        driver.notifyQueue(0);
        assertTrue(gate.reached.await(10, TimeUnit.SECONDS));
        ExecutorService vcpu = Executors.newSingleThreadExecutor();
        try {
            main.started.drainPermits();
            Future<Integer> reset = vcpu.submit(() -> {
                driver.reset();
                return disk.calls.size();
            });
            assertTrue(main.started.tryAcquire(10, TimeUnit.SECONDS), "the owning loop has begun the reset");
            assertThrows(TimeoutException.class, () -> reset.get(300, TimeUnit.MILLISECONDS), "a buffer of the guest is still being filled");
            gate.open();
            assertEquals(1, reset.get(10, TimeUnit.SECONDS), "the request in work was finished, the one behind it not begun");
        } finally {
            vcpu.shutdownNow();
        }
        assertEquals(0, driver.status());
        byte[] before = GuestRam.get(memory, 0x10000, 0x20000);
        first.run(() -> { });
        assertArrayEquals(before, GuestRam.get(memory, 0x10000, 0x20000), "nothing is touched after the reset");
    }

    @Test
    void manyRoundsOfTrafficAndResetNeverHang() throws Exception {
        for (int round = 0; round < 300; round++) {
            DriverQueue queue = DriverQueue.split(memory, 0x10000, 8, 0);
            MmioDriver driver = start(queue);
            addRead(queue, 0x20000, 1);
            addRead(queue, 0x21000, 2);
            driver.notifyQueue(0);
            if (round % 2 == 0) {
                assertTrue(interrupts.tryAcquire(10, TimeUnit.SECONDS), "round " + round);
            }
            driver.reset();
            assertEquals(0, driver.status());
            interrupts.drainPermits();
        }
    }

    /** An event loop on a thread of its own; no timers, which an unlimited device does not need. */
    private static final class ThreadLoop implements EventLoop {
        private final ExecutorService thread;
        private volatile Thread owner;
        private final Semaphore started = new Semaphore(0);

        ThreadLoop(String name) {
            thread = Executors.newSingleThreadExecutor(task -> {
                owner = new Thread(task, name);
                return owner;
            });
        }

        @Override
        public void execute(Runnable task) {
            thread.execute(() -> {
                started.release();
                task.run();
            });
        }

        /** Runs {@code task} and waits for it, and so for all before it. */
        void run(Runnable task) throws Exception {
            thread.submit(task).get(10, TimeUnit.SECONDS);
        }

        @Override
        public LoopTimer timer(Runnable onExpiry) {
            throw new UnsupportedOperationException("no timers here");
        }

        @Override
        public boolean inLoop() {
            return Thread.currentThread() == owner;
        }
    }

    /** A disk that keeps reads of one loop waiting. */
    private static final class Gate implements BlkBackend {
        private final BlkBench.Disk disk;
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch opened = new CountDownLatch(1);
        private volatile ThreadLoop held;

        Gate(BlkBench.Disk disk) {
            this.disk = disk;
        }

        void closeFor(ThreadLoop loop) {
            held = loop;
        }

        void open() {
            opened.countDown();
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) throws IOException {
            if (held != null && held.inLoop()) {
                reached.countDown();
                try {
                    opened.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            synchronized (disk) {
                disk.read(views, count, offset);
            }
        }

        @Override
        public long capacity() {
            return disk.capacity();
        }

        @Override
        public String id() {
            return disk.id();
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) throws IOException {
            disk.write(views, count, offset);
        }

        @Override
        public void flush() throws IOException {
            disk.flush();
        }

        @Override
        public boolean canDiscard() {
            return false;
        }

        @Override
        public void discard(long offset, long length) throws IOException {
            disk.discard(offset, length);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
            disk.writeZeroes(offset, length, mayUnmap);
        }

        @Override
        public void close() {
            disk.close();
        }
    }
}
