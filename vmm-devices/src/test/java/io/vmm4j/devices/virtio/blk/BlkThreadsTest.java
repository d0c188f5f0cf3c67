package io.vmm4j.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
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
    void aResetIsOverOnceTheRequestInWorkIsAndNobodyWaitsForItOnTheLoop() throws Exception {
        DriverQueue queue = DriverQueue.split(memory, 0x10000, 8, 0);
        MmioDriver driver = start(queue);
        gate.closeFor(first);
        addRead(queue, 0x20000, 1);
        addRead(queue, 0x21000, 2);
        driver.notifyQueue(0);
        assertTrue(gate.reached.await(10, TimeUnit.SECONDS));
        driver.reset();
        assertTrue(driver.status() != 0, "a buffer of the guest is still being filled");
        main.run(() -> { });
        assertTrue(driver.status() != 0);
        gate.open();
        awaitReset(driver);
        assertEquals(1, disk.calls.size(), "the request in work was finished, the one behind it not begun");
        byte[] before = GuestRam.get(memory, 0x10000, 0x20000);
        first.run(() -> { });
        assertArrayEquals(before, GuestRam.get(memory, 0x10000, 0x20000), "nothing is touched after the reset");
    }

    /** As section 2.4 of virtio 1.2 has it: the driver looks until it reads 0. */
    private static void awaitReset(MmioDriver driver) {
        while (driver.status() != 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aDriverThatDoesNotWaitForTheResetIsServedWhenItIsOver() throws Exception {
        DriverQueue queue = DriverQueue.split(memory, 0x10000, 8, 0);
        MmioDriver driver = start(queue);
        gate.closeFor(first);
        addRead(queue, 0x20000, 1);
        driver.notifyQueue(0);
        assertTrue(gate.reached.await(10, TimeUnit.SECONDS));
        DriverQueue next = DriverQueue.split(memory, 0x12000, 8, 0);
        driver.reset();
        driver.writeStatus(driver.status() | 1);
        driver.writeStatus(driver.status() | 2);
        driver.write(0x024, 0);
        driver.write(0x020, FEATURES);
        driver.write(0x024, 1);
        driver.write(0x020, FEATURES >>> 32);
        driver.writeStatus(driver.status() | 8);
        assertEquals(11, driver.status(), "as Linux sets it up, which looks at no reset");
        driver.setUpQueue(0, next.addresses());
        addRead(next, 0x22000, 3);
        driver.writeStatus(driver.status() | 4);
        driver.notifyQueue(0);
        main.run(() -> { });
        assertEquals(null, next.takeUsed());
        interrupts.drainPermits();
        gate.open();
        assertTrue(interrupts.tryAcquire(10, TimeUnit.SECONDS));
        assertEquals(513, next.takeUsed().length());
        assertEquals(null, queue.takeUsed());
    }

    @Test
    void aQueueTakenBackReadsReadyUntilItsRequestIsOverAndTheOtherGoesOn() throws Exception {
        DriverQueue slow = DriverQueue.split(memory, 0x10000, 8, 0);
        DriverQueue other = DriverQueue.split(memory, 0x11000, 8, 0);
        MmioDriver driver = start(slow, other);
        gate.closeFor(first);
        addRead(slow, 0x20000, 1);
        driver.notifyQueue(0);
        assertTrue(gate.reached.await(10, TimeUnit.SECONDS));
        driver.write(0x030, 0);
        driver.write(0x044, 0);
        assertEquals(1, driver.read(0x044));
        addRead(other, 0x21000, 2);
        driver.notifyQueue(1);
        assertTrue(interrupts.tryAcquire(10, TimeUnit.SECONDS));
        assertEquals(513, other.takeUsed().length());
        gate.open();
        while (driver.read(0x044) != 0) {
            Thread.onSpinWait();
        }
        byte[] before = GuestRam.get(memory, 0x20000, 0x1000);
        driver.notifyQueue(0);
        first.run(() -> { });
        assertArrayEquals(before, GuestRam.get(memory, 0x20000, 0x1000), "the memory is the driver's again");
        assertEquals(null, slow.takeUsed());
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
            awaitReset(driver);
            interrupts.drainPermits();
        }
    }

    /** An event loop on a thread of its own; no timers, which an unlimited device does not need. */
    private static final class ThreadLoop implements EventLoop {
        private final ExecutorService thread;
        private volatile Thread owner;

        ThreadLoop(String name) {
            thread = Executors.newSingleThreadExecutor(task -> {
                owner = new Thread(task, name);
                return owner;
            });
        }

        @Override
        public void execute(Runnable task) {
            thread.execute(task);
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
