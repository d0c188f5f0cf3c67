package io.vmm4j.bench.devices;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.StoppableQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One chain of three buffers made available, polled, pushed back, and the question whether the driver wants to hear of it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class QueueBenchmark {

    /** The ring's format. */
    @Param({"split", "split-indirect", "split-event", "packed", "packed-indirect", "packed-event"})
    public String ring;

    private BenchRing driver;
    private StoppableQueue queue;

    /** Lays the queue out. */
    @Setup
    public void open() throws GuestMemoryException, VirtQueueException {
        GuestMemory memory = BenchGuest.memory();
        long features = BenchRing.features(ring);
        driver = new BenchRing(memory, BenchGuest.QUEUES, features).buffer(BenchGuest.BUFFERS, 16, 0)
            .buffer(BenchGuest.BUFFERS + 0x1000, 4096, BenchRing.WRITE).buffer(BenchGuest.BUFFERS + 0x4000, 1, BenchRing.WRITE).layOut();
        queue = StoppableQueue.open(memory, driver.addresses(), BenchRing.SIZE, features);
    }

    /** Poll and push. */
    @Benchmark
    public boolean pollAndPush() throws GuestMemoryException, VirtQueueException {
        driver.publish();
        DescriptorChain chain = queue.poll();
        queue.pushUsed(chain, chain.writableLength());
        return queue.needsInterrupt();
    }
}
