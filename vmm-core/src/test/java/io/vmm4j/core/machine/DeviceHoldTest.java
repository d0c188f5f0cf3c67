package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mockito.Mockito;

/** The devices of a paused machine, on real loops. */
@Timeout(60)
class DeviceHoldTest {

    private static final long SHORT = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private static final long AT = 0x20000;

    private final BlockingQueue<Throwable> faults = new LinkedBlockingQueue<>();
    private final GuestMemory memory = GuestRam.of(1 << 20);
    private final Semaphore interrupts = new Semaphore(0);
    private final CountDownLatch inRead = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private EpollEventLoop main;
    private EpollEventLoop queueLoop;
    private DeviceHold hold;
    private DriverQueue queue;
    private MmioDriver driver;

    @BeforeEach
    void start() throws Exception {
        main = new EpollEventLoop("main", faults::add);
        queueLoop = new EpollEventLoop("queue", faults::add);
        BlkBackend disk = Mockito.mock(BlkBackend.class, Mockito.CALLS_REAL_METHODS);
        Mockito.doReturn(1L << 20).when(disk).capacity();
        Mockito.doReturn("disk").when(disk).id();
        Mockito.doAnswer(call -> {
            inRead.countDown();
            mayEnd.await();
            ByteBuffer[] views = call.getArgument(0);
            views[0].position(views[0].limit());
            return null;
        }).when(disk).read(Mockito.any(), Mockito.anyInt(), Mockito.anyLong());
        VirtioBlk drive = new VirtioBlk(new BlkConfig(false, CacheType.UNSAFE), disk, List.of(queueLoop));
        driver = new MmioDriver(new VirtioMmioTransport(drive, memory, interrupts::release, main));
        hold = new DeviceHold(main);
        hold.add("data", drive);
        main.start();
        queueLoop.start();
        queue = DriverQueue.split(memory, 0x10000, 16, 0);
        driver.start(1L << 32, queue);
    }

    @AfterEach
    void end() {
        mayEnd.countDown();
        main.close();
        queueLoop.close();
        assertEquals(List.of(), List.copyOf(faults));
    }

    private void request() {
        GuestRam.put(memory, AT, new byte[16]);
        queue.add(Buffer.readable(AT, 16), Buffer.writable(AT + 0x100, 512), Buffer.writable(AT + 0x800, 1));
        driver.notifyQueue(0);
    }

    @Test
    void aReadThatTheDiskKeepsIsNamedAndAllGoesOnWhenThePauseIsGivenUp() throws Exception {
        request();
        assertTrue(inRead.await(30, TimeUnit.SECONDS));
        assertEquals(Optional.of("drive data has a request in work"), hold.begin(SHORT));
        hold.end();
        CountDownLatch turn = new CountDownLatch(1);
        main.execute(turn::countDown);
        assertTrue(turn.await(30, TimeUnit.SECONDS), "the loop of the other devices goes on");
        mayEnd.countDown();
        assertTrue(interrupts.tryAcquire(30, TimeUnit.SECONDS));
        assertNotNull(queue.takeUsed());
        request();
        assertTrue(interrupts.tryAcquire(30, TimeUnit.SECONDS), "and so does the drive");
    }

    @Test
    void whatIsInWorkIsWaitedForAndWhatComesThenIsServedAfterwards() throws Exception {
        request();
        assertTrue(inRead.await(30, TimeUnit.SECONDS));
        mayEnd.countDown();
        assertEquals(Optional.empty(), hold.begin(LONG));
        assertNotNull(queue.takeUsed());
        request();
        assertEquals(Optional.empty(), hold.begin(LONG), "again, by which the drive's loop has had its turn");
        assertNull(queue.takeUsed());
        hold.end();
        assertTrue(interrupts.tryAcquire(2, 30, TimeUnit.SECONDS));
        assertNotNull(queue.takeUsed());
    }

    @Test
    void aDeviceThatKeepsTheLoopIsTold() throws Exception {
        CountDownLatch inTask = new CountDownLatch(1);
        main.execute(() -> {
            inTask.countDown();
            while (mayEnd.getCount() > 0) {
                Thread.onSpinWait();
            }
        });
        assertTrue(inTask.await(30, TimeUnit.SECONDS));
        assertEquals(Optional.of("a device keeps the thread main"), hold.begin(SHORT));
        hold.end();
    }

    @Test
    void aLoopOfADeviceThatCameLaterIsHeldTooAndNotWaitedForWhenItIsGone() throws Exception {
        EpollEventLoop late = new EpollEventLoop("late", faults::add);
        hold.add(late);
        EpollEventLoop neverStarted = new EpollEventLoop("never started", faults::add);
        hold.add(neverStarted);
        neverStarted.close();
        late.start();
        assertEquals(Optional.empty(), hold.begin(LONG));
        CountDownLatch ran = new CountDownLatch(1);
        late.execute(ran::countDown);
        CountDownLatch commanded = new CountDownLatch(1);
        late.executeCommand(commanded::countDown);
        assertTrue(commanded.await(30, TimeUnit.SECONDS));
        assertEquals(1, ran.getCount());
        hold.end();
        assertTrue(ran.await(30, TimeUnit.SECONDS));
        late.close();
        assertEquals(Optional.empty(), hold.begin(LONG));
        hold.end();
    }

    @Test
    void aDriveThatCameDuringAPauseIsPausedToo() throws Exception {
        VirtioBlk late = Mockito.mock(VirtioBlk.class);
        assertEquals(Optional.empty(), hold.begin(LONG));
        hold.add("late", late);
        Mockito.verify(late).pause();
        hold.remove("data");
        hold.end();
        Mockito.verify(late).resume();
    }

    @Test
    void whatChangesAGuestThatIsPausedWaitsUntilItGoesOn() throws Exception {
        assertEquals(Optional.empty(), hold.begin(LONG));
        CountDownLatch done = new CountDownLatch(1);
        Thread thread = new Thread(() -> hold.runUnlessOn(() -> false, done::countDown));
        thread.start();
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertEquals(1, done.getCount());
        hold.end();
        assertTrue(done.await(30, TimeUnit.SECONDS));
    }

    @Test
    void aMachineThatEndsInAPauseKeepsNobodyWaiting() {
        assertEquals(Optional.empty(), hold.begin(LONG));
        hold.runUnlessOn(() -> true, () -> {
            throw new IllegalStateException("it is paused");
        });
        hold.end();
    }
}
