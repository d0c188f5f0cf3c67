package io.vmm4j.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several changes of the disk of a drive with two queues, on one of which a request is in work. */
final class BlkExchangeTest {

    private static final long FEATURES = 1L << 32 | 1L << 12;

    private final GuestMemory memory = GuestRam.of(1 << 20);
    private final ManualLoop loop = new ManualLoop(new ManualClock());
    private final List<DriverQueue> queues = List.of(DriverQueue.split(memory, 0x10000, 16, 0), DriverQueue.split(memory, 0x12000, 16, 0));
    private final QueuedDisk old = new QueuedDisk();
    private VirtioBlk blk;
    private MmioDriver driver;

    @BeforeEach
    void startWithARequestInWork() throws IOException {
        blk = new VirtioBlk(new BlkConfig(false, CacheType.UNSAFE), old, List.of(loop, loop));
        driver = new MmioDriver(new VirtioMmioTransport(blk, memory, () -> { }, loop));
        driver.start(FEATURES, queues.get(0), queues.get(1));
        loop.run();
        read(1);
        assertEquals(1, old.queues.get(1).inFlight.size());
    }

    private void read(int queue) {
        long at = 0x20000 + 0x1000L * queue;
        GuestRam.put(memory, at, new byte[16]);
        queues.get(queue).add(Buffer.readable(at, 16), Buffer.writable(at + 0x100, 512), Buffer.writable(at + 0x800, 1));
        driver.notifyQueue(queue);
        loop.run();
    }

    private void endAll(QueuedDisk disk) {
        disk.queues.forEach(QueuedDisk.Io::endAll);
        loop.run();
    }

    @Test
    void oneThatIsWithdrawnBeforeItsTurnLetsNobodyPassTheOneBefore() throws IOException {
        BlkExchange one = blk.exchange(new QueuedDisk());
        BlkExchange two = blk.exchange(new QueuedDisk());
        assertTrue(two.withdraw());
        assertTrue(two.done().isCompletedExceptionally(), "it waits for nobody");
        QueuedDisk last = new QueuedDisk();
        BlkExchange three = blk.exchange(last);
        loop.run();
        assertEquals(0, last.queues.size(), "not its turn yet");
        endAll(old);
        assertTrue(one.done().isDone() && !one.done().isCompletedExceptionally());
        assertTrue(three.done().isDone() && !three.done().isCompletedExceptionally());
        assertEquals(2, last.queues.size());
    }

    @Test
    void noRequestIsLostHoweverChangesAreWithdrawn() throws IOException {
        BlkExchange one = blk.exchange(new QueuedDisk());
        BlkExchange two = blk.exchange(new QueuedDisk());
        two.withdraw();
        QueuedDisk last = new QueuedDisk();
        BlkExchange three = blk.exchange(last);
        loop.run();
        assertTrue(one.withdraw());
        loop.run();
        read(0);
        assertNull(queues.get(0).takeUsed());
        endAll(old);
        endAll(last);
        assertTrue(three.done().isDone() && !three.done().isCompletedExceptionally());
        assertFalse(old.isCutOff());
        assertNotNull(queues.get(0).takeUsed());
        assertNotNull(queues.get(1).takeUsed());
    }

    @Test
    void whatAWithdrawnChangeHadOpenedIsClosed() throws IOException {
        QueuedDisk next = new QueuedDisk();
        BlkExchange exchange = blk.exchange(next);
        assertEquals(1, next.queues.size(), "queue 0 has nothing in work");
        assertTrue(exchange.withdraw());
        loop.run();
        assertTrue(next.queues.get(0).isClosed);
        endAll(old);
        assertEquals(1, next.queues.size());
        assertNotNull(queues.get(1).takeUsed());
    }

    /** A disk with several operations in flight a queue. */
    private static final class QueuedDisk implements BlkBackend {
        private final List<Io> queues = new ArrayList<>();

        boolean isCutOff() {
            return queues.stream().anyMatch(io -> io.isClosed && !io.inFlight.isEmpty());
        }

        @Override
        public BlkIo openQueue(int queue, BlkIo.Listener listener) {
            Io io = new Io(listener);
            queues.add(io);
            return io;
        }

        @Override
        public long capacity() {
            return 1 << 20;
        }

        @Override
        public String id() {
            return "disk";
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) {
            // Asked by queues only, as all below.
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) {
            // See above.
        }

        @Override
        public void flush() {
            // See above.
        }

        @Override
        public boolean canDiscard() {
            return false;
        }

        @Override
        public void discard(long offset, long length) {
            // See above.
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) {
            // See above.
        }

        @Override
        public void close() {
            // Nothing is held.
        }

        private static final class Io implements BlkIo {
            private final Listener listener;
            private final List<Integer> inFlight = new ArrayList<>();
            private boolean isClosed;

            Io(Listener listener) {
                this.listener = listener;
            }

            void endAll() {
                while (!inFlight.isEmpty()) {
                    listener.done(inFlight.remove(0), null);
                }
                listener.settled();
            }

            @Override
            public int depth() {
                return 8;
            }

            @Override
            public void read(int tag, ByteBuffer[] views, int count, long offset) {
                inFlight.add(tag);
            }

            @Override
            public void write(int tag, ByteBuffer[] views, int count, long offset) {
                inFlight.add(tag);
            }

            @Override
            public void flush(int tag) {
                inFlight.add(tag);
            }

            @Override
            public void discard(int tag, long offset, long length) {
                inFlight.add(tag);
            }

            @Override
            public void writeZeroes(int tag, long offset, long length, boolean mayUnmap) {
                inFlight.add(tag);
            }

            @Override
            public void submit() {
                // Begun already.
            }

            @Override
            public void drain() {
                endAll();
            }

            @Override
            public void close() {
                isClosed = true;
            }
        }
    }
}
