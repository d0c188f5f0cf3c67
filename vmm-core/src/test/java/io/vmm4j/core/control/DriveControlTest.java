package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.BlkIo;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A drive of two queues on real loops, one of which has a request in work that the disk does not end. */
@Timeout(60)
class DriveControlTest {

    private static final long FEATURES = 1L << 32 | 1L << 12;
    private static final int GET_ID = 8;
    private static final Duration SHORT = Duration.ofMillis(200);

    private final List<Throwable> faults = Collections.synchronizedList(new ArrayList<>());
    private final Semaphore interrupts = new Semaphore(0);
    private final GuestMemory memory = GuestRam.of(1 << 20);
    private final Images images = new Images();
    private final Disk first = new Disk("first", 1 << 20);
    private final Disk second = new Disk("second", 2 << 20);
    private EpollEventLoop main;
    private List<EpollEventLoop> queueLoops;
    private VirtioBlk device;
    private MmioDriver driver;
    private List<DriverQueue> queues;

    @BeforeEach
    void start() throws IOException {
        main = new EpollEventLoop("main", faults::add);
        queueLoops = List.of(new EpollEventLoop("queue 0", faults::add), new EpollEventLoop("queue 1", faults::add));
        device = new VirtioBlk(new BlkConfig(false, CacheType.UNSAFE), first, queueLoops);
        driver = new MmioDriver(new VirtioMmioTransport(device, memory, interrupts::release, main));
        main.start();
        queueLoops.forEach(EpollEventLoop::start);
        queues = List.of(DriverQueue.split(memory, 0x10000, 16, 0), DriverQueue.split(memory, 0x12000, 16, 0));
        driver.start(FEATURES, queues.get(0), queues.get(1));
    }

    @AfterEach
    void end() {
        first.let();
        second.let();
        main.close();
        queueLoops.forEach(EpollEventLoop::close);
        assertEquals(List.of(), faults);
    }

    private DriveControl control(Duration bound) {
        return new DriveControl("data", main, device, images, bound);
    }

    private void request(int queue, int type, int length) {
        long at = 0x20000 + 0x1000L * queue;
        GuestRam.put(memory, at, new byte[16]);
        GuestRam.put(memory, at, new byte[] {(byte) type});
        queues.get(queue).add(Buffer.readable(at, 16), Buffer.writable(at + 0x100, length), Buffer.writable(at + 0x800, 1));
        driver.notifyQueue(queue);
    }

    /** The name of the disk that queue {@code queue} is on, as the guest sees it. */
    private String diskOf(int queue) throws InterruptedException {
        request(queue, GET_ID, 20);
        DriverQueue.Used used = queues.get(queue).takeUsed();
        while (used == null || used.length() != 21) {
            // An interrupt may tell of several requests.
            if (used == null) {
                assertTrue(interrupts.tryAcquire(20, TimeUnit.SECONDS), "queue " + queue + " is not served");
            }
            used = queues.get(queue).takeUsed();
        }
        return new String(GuestRam.get(memory, 0x20100 + 0x1000L * queue, 20), StandardCharsets.US_ASCII).trim();
    }

    /** Has queue 0 begin a read that the first disk keeps. */
    private void stick() throws InterruptedException {
        first.hold();
        request(0, 0, 512);
        assertTrue(first.reached.await(20, TimeUnit.SECONDS));
    }

    private void awaitLoop() throws Exception {
        CompletableFuture<Void> turn = new CompletableFuture<>();
        main.execute(() -> turn.complete(null));
        turn.get(20, TimeUnit.SECONDS);
    }

    private static Throwable failureOf(CompletableFuture<?> command) {
        return assertThrows(ExecutionException.class, () -> command.get(20, TimeUnit.SECONDS)).getCause();
    }

    @Test
    void theLoopServesOthersUntilTheRequestInWorkIsOverAndThenTheImageIsChanged() throws Exception {
        stick();
        CompletableFuture<Void> change = control(DeviceLoop.BOUND).updateImage(second.path());
        awaitLoop();
        assertFalse(change.isDone());
        assertEquals(1 << 11, driver.readConfig(0, 8), "no word of the new disk yet");
        first.let();
        change.get(20, TimeUnit.SECONDS);
        assertEquals(List.of("open second", "use second"), images.calls);
        assertEquals("second", diskOf(0));
        assertEquals("second", diskOf(1));
        assertEquals(1 << 12, driver.readConfig(0, 8));
    }

    @Test
    void aChangeThatIsReportedFailedDoesNotHappen() throws Exception {
        stick();
        Throwable failure = failureOf(control(SHORT).updateImage(second.path()));
        assertInstanceOf(TimeoutException.class, failure);
        assertEquals("drive data: requests on its image did not end within 200 ms; it stays on that image", failure.getMessage());
        assertEquals(List.of("open second", "drop second"), images.calls, "free again for another try");
        assertEquals("first", diskOf(1), "the other queue goes on at once");
        first.let();
        assertEquals("first", diskOf(0));
        awaitLoop();
        assertEquals("first", diskOf(0));
        assertEquals(1 << 11, driver.readConfig(0, 8));
        control(DeviceLoop.BOUND).updateImage(second.path()).get(20, TimeUnit.SECONDS);
        assertEquals("second", diskOf(0), "the next try succeeds");
    }

    @Test
    void changesGoOneAfterTheOther() throws Exception {
        stick();
        DriveControl control = control(DeviceLoop.BOUND);
        CompletableFuture<Void> one = control.updateImage(second.path());
        Disk third = new Disk("third", 1 << 20);
        CompletableFuture<Void> two = control.updateImage(third.path());
        first.let();
        one.get(20, TimeUnit.SECONDS);
        two.get(20, TimeUnit.SECONDS);
        assertEquals("third", diskOf(0));
        assertEquals("third", diskOf(1));
    }

    @Test
    void aChangeBehindOneThatIsWithdrawnTakesPlace() throws Exception {
        stick();
        CompletableFuture<Void> one = control(SHORT).updateImage(second.path());
        CompletableFuture<Void> two = control(DeviceLoop.BOUND).updateImage(new Disk("third", 1 << 20).path());
        assertInstanceOf(TimeoutException.class, failureOf(one));
        first.let();
        two.get(20, TimeUnit.SECONDS);
        assertEquals("third", diskOf(0));
    }

    @Test
    void aResetAmidAChangeDisturbsNeither() throws Exception {
        stick();
        CompletableFuture<Void> change = control(DeviceLoop.BOUND).updateImage(second.path());
        driver.reset();
        assertTrue(driver.status() != 0);
        awaitLoop();
        first.let();
        change.get(20, TimeUnit.SECONDS);
        while (driver.status() != 0) {
            Thread.onSpinWait();
        }
        queues = List.of(DriverQueue.split(memory, 0x10000, 16, 0), DriverQueue.split(memory, 0x12000, 16, 0));
        driver.start(FEATURES, queues.get(0), queues.get(1));
        assertEquals("second", diskOf(0));
        assertEquals("second", diskOf(1));
    }

    @Test
    void anImageThatAQueueCannotOpenIsGivenBack() throws Exception {
        second.refusedQueue = 1;
        Throwable failure = failureOf(control(DeviceLoop.BOUND).updateImage(second.path()));
        assertInstanceOf(UncheckedIOException.class, failure);
        assertTrue(failure.getMessage().contains("a queue cannot be opened: no ring for queue 1"), failure.getMessage());
        assertEquals(List.of("open second", "drop second"), images.calls);
        assertTrue(List.of(List.of("close queue 0"), List.of()).contains(second.calls), "a queue that came to open it has closed it: " + second.calls);
        assertEquals("first", diskOf(0));
        assertEquals("first", diskOf(1));
    }

    @Test
    void theSizeIsToldWhileARequestIsInWork() throws Exception {
        stick();
        first.capacity = 4 << 20;
        images.current = first;
        control(DeviceLoop.BOUND).updateImage(first.path()).get(20, TimeUnit.SECONDS);
        assertEquals(1 << 13, driver.readConfig(0, 8));
    }

    @Test
    void aHostThatDoesNotTellTheSizeHoldsNobodyUpAndIsNotHeardLater() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        first.capacity = 4 << 20;
        first.whenAskedForCapacity = () -> awaitUninterruptibly(told);
        CompletableFuture<Void> refresh = control(SHORT).refresh();
        awaitLoop();
        assertEquals("first", diskOf(0));
        assertInstanceOf(TimeoutException.class, failureOf(refresh));
        assertEquals(1 << 11, driver.readConfig(0, 8));
        told.countDown();
    }

    @Test
    void aMachineThatHasEndedChangesNoImage() throws Exception {
        queueLoops.forEach(EpollEventLoop::close);
        main.close();
        assertInstanceOf(IllegalStateException.class, failureOf(control(DeviceLoop.BOUND).updateImage(second.path())));
        assertEquals(List.of("open second", "drop second"), images.calls);
        assertInstanceOf(IllegalStateException.class, failureOf(control(DeviceLoop.BOUND).refresh()));
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Disks by their names. */
    private final class Images implements DriveImages {
        private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
        private Disk current;

        @Override
        public boolean isCurrent(Path image) {
            return current != null && current.path().equals(image);
        }

        @Override
        public boolean isOpen(Path image) {
            return isCurrent(image);
        }

        @Override
        public BlkBackend open(Path image) {
            calls.add("open " + image);
            return image.equals(second.path()) ? second : new Disk(image.toString(), 1 << 20);
        }

        @Override
        public void use(BlkBackend next) {
            calls.add("use " + next.id());
        }

        @Override
        public void drop(BlkBackend unused) {
            calls.add("drop " + unused.id());
        }
    }

    /** A disk that can be told to keep reads. */
    private static final class Disk implements BlkBackend {
        private final String name;
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch opened = new CountDownLatch(1);
        private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
        private volatile long capacity;
        private volatile boolean isHeld;
        private volatile int refusedQueue = -1;
        private volatile Runnable whenAskedForCapacity = () -> { };

        Disk(String name, long capacity) {
            this.name = name;
            this.capacity = capacity;
        }

        Path path() {
            return Path.of(name);
        }

        void hold() {
            isHeld = true;
        }

        void let() {
            opened.countDown();
        }

        @Override
        public BlkIo openQueue(int queue, BlkIo.Listener listener) throws IOException {
            if (queue == refusedQueue) {
                throw new IOException("no ring for queue " + queue);
            }
            return new ClosedIo(BlkBackend.super.openQueue(queue, listener), () -> calls.add("close queue " + queue));
        }

        @Override
        public long capacity() {
            whenAskedForCapacity.run();
            return capacity;
        }

        @Override
        public String id() {
            return name;
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) {
            if (isHeld) {
                reached.countDown();
                awaitUninterruptibly(opened);
            }
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) {
            // Forgotten.
        }

        @Override
        public void flush() {
            // Nothing to keep.
        }

        @Override
        public boolean canDiscard() {
            return false;
        }

        @Override
        public void discard(long offset, long length) {
            // Not offered.
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) {
            // Forgotten.
        }

        @Override
        public void close() {
            calls.add("close");
        }
    }

    /** A queue's way to a disk, whose end is noticed. */
    private record ClosedIo(BlkIo io, Runnable onClose) implements BlkIo {
        @Override
        public int depth() {
            return io.depth();
        }

        @Override
        public void read(int tag, ByteBuffer[] views, int count, long offset) {
            io.read(tag, views, count, offset);
        }

        @Override
        public void write(int tag, ByteBuffer[] views, int count, long offset) {
            io.write(tag, views, count, offset);
        }

        @Override
        public void flush(int tag) {
            io.flush(tag);
        }

        @Override
        public void discard(int tag, long offset, long length) {
            io.discard(tag, offset, length);
        }

        @Override
        public void writeZeroes(int tag, long offset, long length, boolean mayUnmap) {
            io.writeZeroes(tag, offset, length, mayUnmap);
        }

        @Override
        public void submit() {
            io.submit();
        }

        @Override
        public void drain() {
            io.drain();
        }

        @Override
        public void close() {
            io.close();
            onClose.run();
        }
    }
}
