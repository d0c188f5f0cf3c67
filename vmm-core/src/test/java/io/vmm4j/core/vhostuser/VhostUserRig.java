package io.vmm4j.core.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.MemoryRegion;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.MemFd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A guest's driver, real shared memory in two regions, and a device on its loop, without KVM. */
final class VhostUserRig implements AutoCloseable {

    static final int REGION = 1 << 20;
    static final long HIGH = 1L << 32;
    /** In the region above the hole, which is not at the begin of the file. */
    static final long RINGS = HIGH + 0x10000;
    static final long DATA = 0x20000;
    static final long FEATURES = TestBackEnd.VERSION_1;
    static final int QUEUE_SIZE = 16;
    static final Timing FAST = new Timing(Duration.ofSeconds(10), Duration.ofMillis(1), Duration.ofMillis(20), Duration.ZERO);
    private static final int SLICE_MILLIS = 20;

    final BlockingQueue<Throwable> faults = new LinkedBlockingQueue<>();
    /** Interrupts that are not the back end's. */
    final Semaphore interrupts = new Semaphore(0);
    final GuestMemory memory;
    final EpollEventLoop loop;
    final MmioDriver driver;
    final VhostUserDevice device;
    DriverQueue queue;
    final Soft wiring = new Soft();
    private final BackEndPort port;
    private final MemFd file;
    private final Mapping mapping;

    /** Eventfds as in a machine, with the notification of queues by the device's loop. */
    static final class Soft implements Wiring {

        private final EventFd[] kicks = new EventFd[8];
        private EventFd call;

        @Override
        public synchronized EventFd newKick(int index) throws IOException {
            if (kicks[index] != null) {
                kicks[index].close();
            }
            kicks[index] = EventFd.create(1);
            return kicks[index];
        }

        @Override
        public synchronized EventFd newCall() throws IOException {
            cutCall();
            call = EventFd.create();
            return call;
        }

        @Override
        public synchronized void notified(int index) {
            kicks[index].signal();
        }

        @Override
        public synchronized void cutCall() {
            if (call != null) {
                call.close();
                call = null;
            }
        }

        synchronized boolean hasCall() {
            return call != null;
        }

        /** Waits a moment for an interrupt by the back end there is now. */
        void awaitCall() throws LinuxException {
            try (Fd watched = duplicate()) {
                watched.poll(Fd.POLLIN, SLICE_MILLIS);
            }
            synchronized (this) {
                if (call != null) {
                    call.drain();
                }
            }
        }

        private synchronized Fd duplicate() throws LinuxException {
            return Fd.duplicate(call == null ? kicks[0].fd() : call.fd());
        }

        void close() {
            cutCall();
            for (EventFd kick : kicks) {
                if (kick != null) {
                    kick.close();
                }
            }
        }
    }

    VhostUserRig(Path socket, DeviceShape shape, Timing timing) throws IOException {
        this(BackEndPort.open(socket, shape, timing));
    }

    /** @param open closed with this */
    VhostUserRig(BackEndPort open) throws IOException {
        file = MemFd.create("guest", 2 * REGION, 0);
        mapping = Mapping.shared(file.fd().value(), 2 * REGION);
        memory = new BufferGuestMemory(List.of(MemoryRegion.of(0, mapping.buffer(0, REGION)), MemoryRegion.of(HIGH, mapping.buffer(REGION, REGION))));
        SharedRam ram = new SharedRam(file.fd(), List.of(new SharedRam.Region(0, REGION, 0), new SharedRam.Region(HIGH, REGION, REGION)));
        port = open;
        loop = new EpollEventLoop("vhost", faults::add);
        device = new VhostUserDevice("drive data", port, ram, loop, wiring);
        driver = new MmioDriver(new VirtioMmioTransport(device, memory, interrupts::release, loop));
        queue = DriverQueue.split(memory, RINGS, QUEUE_SIZE, FEATURES);
        loop.start();
    }

    static VhostUserRig block(Path socket) throws IOException {
        return new VhostUserRig(socket, new BlockShape(1, QUEUE_SIZE, true), FAST);
    }

    /** A driver that begins anew. */
    void restart() throws InterruptedException {
        driver.reset();
        assertEquals(0, driver.status());
        queue = DriverQueue.split(memory, RINGS, QUEUE_SIZE, FEATURES);
        driver.start(FEATURES, queue);
        settle();
    }

    /** Begins a read of a sector. */
    int read(long sector) {
        GuestRam.put(memory, DATA, header(0, sector));
        int id = queue.add(Buffer.readable(DATA, 16), Buffer.writable(DATA + 0x1000, 512), Buffer.writable(DATA + 0x2000, 1));
        driver.notifyQueue(0);
        return id;
    }

    /** Begins a write of a sector. */
    int write(long sector, byte[] bytes) {
        GuestRam.put(memory, DATA, header(1, sector));
        GuestRam.put(memory, DATA + 0x1000, bytes);
        int id = queue.add(Buffer.readable(DATA, 16), Buffer.readable(DATA + 0x1000, bytes.length), Buffer.writable(DATA + 0x2000, 1));
        driver.notifyQueue(0);
        return id;
    }

    private static byte[] header(int type, long sector) {
        return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putInt(type).putInt(0).putLong(sector).array();
    }

    byte[] data() {
        return GuestRam.get(memory, DATA + 0x1000, 512);
    }

    /** Waits for a request to come back. */
    DriverQueue.Used awaitUsed() throws LinuxException {
        for (int turn = 0; turn < 30_000 / SLICE_MILLIS; turn++) {
            DriverQueue.Used used = queue.takeUsed();
            if (used != null) {
                return used;
            }
            wiring.awaitCall();
        }
        throw new AssertionError("no request comes back");
    }

    /** Waits until the back end raises the interrupt. */
    void awaitCall() throws LinuxException {
        try (Fd watched = wiring.duplicate()) {
            assertTrue(watched.poll(Fd.POLLIN, 30_000) != 0, "the back end interrupts");
        }
    }

    /** Waits until the loop has done what it was given. */
    void settle() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(done::countDown);
        assertTrue(done.await(30, TimeUnit.SECONDS), "the loop goes on");
    }

    void awaitInterrupt() throws InterruptedException {
        assertTrue(interrupts.tryAcquire(30, TimeUnit.SECONDS), "the device interrupts");
    }

    static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(30, TimeUnit.SECONDS);
        assertNotNull(next, "nothing comes");
        return next;
    }

    /** Waits until the back end has seen a request. */
    static void awaitRequest(TestBackEnd backEnd, int request) throws InterruptedException {
        for (int seen = take(backEnd.seen); seen != request; seen = take(backEnd.seen)) {
            continue;
        }
    }

    @Override
    public void close() {
        loop.close();
        device.close();
        port.close();
        wiring.close();
        mapping.close();
        file.close();
        assertEquals(List.of(), List.copyOf(faults));
    }
}
